"""Write the generated pages of the documentation anew: `python -m tests.documents`."""

from tests.documents.pages import write

write()
