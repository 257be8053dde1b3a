"""`Flat`: a request whose fields are a command's options, without a name or a box of their own."""

from typing import Annotated, TypeVar

import tyro

Request = TypeVar("Request")
Flat = tyro.conf.OmitArgPrefixes[Annotated[Request, tyro.conf.arg(name="")]]
