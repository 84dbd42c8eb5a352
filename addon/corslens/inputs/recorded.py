"""What every capture format comes down to: recorded messages, put in the order in which they were sent, and made exchanges."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from corslens.fetch.limits import limited_headers, limited_text, received_request, received_response
from corslens.fetch.messages import HeaderLine
from corslens.inputs.damage import Damage
from corslens.inputs.relevance import concerns_cors
from corslens.inputs.wire import SCHEMES, wire_url
from corslens.observation.exchange import Exchange, Source
from corslens.observation.network_error import gets_proxy_error_page
from corslens.witness.witness import Witness


class RecordedExchange(Struct, kw_only=True):
    """A request and its response, heads only, as a capture holds them; times in seconds since the epoch."""

    index: int
    """Position in the capture, from 0."""
    method: str
    url: str
    lines: list[HeaderLine]
    version: str = "HTTP/1.1"
    sent: float
    status: int = 0
    """0 without a response."""
    response_lines: list[HeaderLine] = []
    answer_version: str = "HTTP/1.1"
    responded: float = 0.0
    error: str | None = None
    client: str = ""
    connection: str | None = None
    resource_type: str | None = None
    witness: Witness | None = None
    by_browser: bool = False


class RecordedReader:
    """The exchanges of a capture, in the order in which their requests were sent."""

    def __init__(
        self, writer: str, messages: Iterable[RecordedExchange | Damage], file: str, prefix: str, *, everything: bool = True
    ) -> None:
        """Take the messages of a capture.

        Args:
            writer: the program that wrote it.
            messages: in any order; read when the exchanges are asked for.
            file: its name, for `source` and damages.
            prefix: begins each exchange's id.
            everything: False passes over exchanges that have nothing to do with CORS, and counts them.
        """
        self.writer = writer
        self.progress = 0.0
        """How much of the file was read, from 0 to 1."""
        self.skipped = 0
        """How many exchanges were passed over."""
        self.cookies_skipped = False
        """Whether any of those carried a cookie."""
        self.omissions: Sequence[str] = ()
        """What the writer left out."""
        self._messages = messages
        self._file = file
        self._prefix = prefix
        self._everything = everything

    def __iter__(self) -> Iterator[Exchange | Damage]:
        """Yield the exchanges, and a Damage for what could not be read."""
        found: list[tuple[float, int, Exchange]] = []
        damages: list[Damage] = []
        for message in self._messages:
            if isinstance(message, Damage):
                damages.append(message)
                continue
            try:
                exchange = self._exchange(message)
            except ValueError as error:
                damages.append(Damage(file=self._file, entry=message.index, what=str(error)))
                continue
            if exchange is not None:
                found.append((exchange.request.time, message.index, exchange))
        found.sort(key=lambda item: item[:2])
        for done, (_, _, exchange) in enumerate(found):
            self.progress = done / len(found)
            yield exchange
        yield from damages

    def _exchange(self, message: RecordedExchange) -> Exchange | None:
        """Return the exchange, or None when it is none (a CONNECT) or has nothing to do with CORS.

        Raises: ValueError
        """
        scheme, separator, rest = message.url.partition(":")
        scheme = SCHEMES.get(scheme.lower(), "")
        if not separator or not scheme or message.method == "CONNECT":
            return None
        refused = (
            message.status == 0 and message.witness is not None
        )  # what was refused may lack every header that would show it
        if (
            not self._everything
            and not refused
            and not concerns_cors(message.method, message.url, message.lines, message.status, message.response_lines)
        ):
            self.skipped += 1
            self.cookies_skipped = self.cookies_skipped or any(name.lower() == "cookie" for name, _ in message.lines)
            return None
        host = next((value for name, value in message.lines if name.lower() == "host"), "")
        response = None
        if 100 <= message.status <= 999:
            response = received_response(
                status=message.status,
                headers=limited_headers(message.response_lines),
                http_version=message.answer_version,
                time=max(message.sent, message.responded),
            )
        error = limited_text(message.error) if response is None else None
        return Exchange(
            id=f"{self._prefix}:{message.index}",
            request=received_request(
                method=message.method,
                url=wire_url(f"{scheme}:{rest}", host),
                headers=limited_headers(message.lines),
                http_version=message.version,
                time=message.sent,
            ),
            response=response,
            error=error,
            got_proxy_error_page=error is not None and not message.by_browser and gets_proxy_error_page(error),
            client=message.client,
            connection=limited_text(message.connection),
            source=Source(file=self._file, index=message.index),
            by_browser=message.by_browser,
            resource_type=limited_text(message.resource_type),
            witness=message.witness,
        )
