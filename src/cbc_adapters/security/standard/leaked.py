"""Passwords of twelve characters and more that everybody tries first; shorter ones are refused for their length."""

from typing import Final

_WORDS: Final = """
1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc zaq12wsxcde3 qwertyuiop123 qwerty123456
qwerty1234567 qwerty12345678 qwerty123456789 qwertyuiop[] qwertyuiopasdfghjkl asdfghjkl123 zxcvbnm123456
q1w2e3r4t5y6 password1234 password12345 password123456 password1234567 password123456789 passwordpassword
password!234 passw0rd1234 p@ssword1234 p@ssw0rd1234 p@ssw0rd12345 p@$$w0rd1234 welcome12345 welcome123456
letmein12345 letmein123456 iloveyou1234 iloveyou12345 iloveyou123456 iloveyouforever sunshine1234 princess1234
football1234 baseball1234 superman1234 michael12345 charlie12345 dragon123456 monkey123456 shadow123456 master123456
admin1234567 admin12345678 administrator administrator1 adminadmin123 administrador root12345678 rootroot1234
changeme1234 changeme12345 default12345 test12345678 testtesttest testing12345 abcd12345678 abc123456789
abcdef123456 a1b2c3d4e5f6 aa1234567890 a12345678910 123456789abc 123456789qwe 123456qwerty 123qweasdzxc qweasdzxc123
qwe123asd456 trustno1trustno1 correcthorsebatterystaple senha1234567 senha12345678 senha123456789 senhasenha123
minhasenha123 mudar1234567 brasil123456 flamengo1234 flamengo12345 corinthians1 corinthians123 palmeiras123
saopaulo1234 teamo1234567 bitcoin12345 bitcoin123456 bitcoinbitcoin binance12345 binance123456 crypto123456
satoshinakamoto tothemoon123 coinbitclub1 coinbitclub12 coinbitclub123 coinbitclub1234
"""

LEAKED: Final = frozenset(_WORDS.split())
"""In lower case; a deployment that has a longer list gives its own."""

SHORTEST_PERIOD: Final = 4
ROWS: Final = ("0123456789" * 13, "abcdefghijklmnopqrstuvwxyz" * 5, "qwertyuiopasdfghjklzxcvbnm" * 5)


def is_run(password: str) -> bool:
    """Whether it is one short piece again and again, or a walk along the digits, the alphabet or the keyboard."""
    repeats = any(password == (password[:period] * len(password))[: len(password)] for period in range(1, SHORTEST_PERIOD + 1))
    return repeats or any(password in row or password[::-1] in row for row in ROWS)
