"""The one place where the container meets Litestar: a provider becomes a dependency of handlers."""

from typing import TypeVar

from dependency_injector import providers
from litestar.di import Provide

T = TypeVar("T")


def from_provider(provider: providers.Provider[T]) -> Provide:
    """Give handlers what the provider makes, under the name it is registered with."""

    def make() -> T:
        return provider()

    return Provide(make, sync_to_thread=False)
