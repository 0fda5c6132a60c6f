from collections.abc import Iterator
from dataclasses import replace

from .wire_cases import STREAM_HEADERS, Case, document, headed, later, lines, stream, watched
from .wire_client import Headers, Read

ZERO_TOKENS = b'"cache_creation_input_tokens":0,"cache_read_input_tokens":0'
NULL_TOKENS = ZERO_TOKENS.replace(b"0", b"null")


def named(name: bytes, members: bytes) -> bytes:
    return b'event: %s\ndata: {"type":"%s"%s}\n\n' % (name, name, members)


def started(cached: bytes = ZERO_TOKENS) -> bytes:
    return named(
        b"message_start",
        b',"message":{"id":"msg_mock_1","type":"message","role":"assistant","model":"gpt-4",'
        b'"content":[],"stop_reason":null,"stop_sequence":null,'
        b'"usage":{"input_tokens":10,%s,"output_tokens":1}}' % cached,
    )


def begun(index: int, block: bytes) -> bytes:
    return named(b"content_block_start", b',"index":%d,"content_block":{%s}' % (index, block))


def delta(index: int, kind: bytes, member: bytes, text: bytes) -> bytes:
    members = b',"index":%d,"delta":{"type":"%s","%s":"%s"}' % (index, kind, member, text)
    return named(b"content_block_delta", members)


def text_delta(text: bytes, index: int = 0) -> bytes:
    return delta(index, b"text_delta", b"text", text)


def stopped(index: int) -> bytes:
    return named(b"content_block_stop", b',"index":%d' % index)


USAGE = b'{"input_tokens":10,%s,"output_tokens":15}'


def finished(reason: bytes = b'"end_turn"', usage: bytes = USAGE % ZERO_TOKENS) -> bytes:
    return named(
        b"message_delta",
        b',"delta":{"stop_reason":%s,"stop_sequence":null},"usage":%s' % (reason, usage),
    )


EMPTY_TEXT = b'"type":"text","text":""'
START, BLOCK = started(), begun(0, EMPTY_TEXT)
HI, YOU = text_delta(b"Hi"), text_delta(b" you")
BLOCK_END, FINISH, STOP = stopped(0), finished(), named(b"message_stop", b"")
PING = named(b"ping", b"")
BROKEN = b'event: content_block_delta\ndata: {"broken": \n\n'
BROKEN_END = b'event: message_delta\ndata: {"broken": \n\n'
FAILED = named(b"error", b',"error":{"type":"overloaded_error","message":"Overloaded"}')

FIRST: tuple[Read, ...] = ((0.0, START), (0.0, BLOCK))
SAID: tuple[Read, ...] = (*FIRST, (0.0, HI), (0.1, YOU), (0.2, BLOCK_END))
WHOLE = (*SAID, (0.2, FINISH), (0.2, STOP))


def plain(content: bytes, reason: bytes = b"end_turn", cached: bytes = ZERO_TOKENS) -> bytes:
    return (
        b'{"id":"msg_mock_1","type":"message","role":"assistant","model":"gpt-4","content":[%s],'
        b'"stop_reason":"%s","stop_sequence":null,"usage":%s}'
    ) % (content, reason, USAGE % cached)


TEXT = "text=Hi+you"
PLAIN = plain(b'{"type":"text","text":"Hi you"}')


def failure(kind: bytes, message: bytes) -> bytes:
    error = b'{"type":"%s","message":"%s"}' % (kind, message)
    return b'{"type":"error","error":%s,"request_id":"req_mock"}' % error


LIMITED = failure(b"rate_limit_error", b"Rate limited")
INTERNAL = failure(b"api_error", b"Internal server error")
STATUSES = [
    document(f"fail={status}", failure(kind, message), status=status)
    for status, kind, message in (
        (400, b"invalid_request_error", b"Invalid request"),
        (401, b"authentication_error", b"Authentication error"),
        (402, b"billing_error", b"Billing error"),
        (403, b"permission_error", b"Permission denied"),
        (404, b"not_found_error", b"Not found"),
        (409, b"conflict_error", b"Conflict"),
        (413, b"request_too_large", b"Request exceeds the maximum size"),
        (429, b"rate_limit_error", b"Rate limited"),
        (500, b"api_error", b"Internal server error"),
        (504, b"timeout_error", b"Request timeout"),
        (529, b"overloaded_error", b"Overloaded"),
    )
]

WHEN = [
    stream("", *WHOLE),
    document(TEXT, PLAIN),
    replace(stream("&delay=2500", *later(2.5, WHOLE)), head_at=2.5),
    # The wait for the first token comes after message_start.
    stream("&first_token=1500", *FIRST, *later(1.5, WHOLE[2:])),
    stream("&pace=2000", *FIRST, (0.0, HI), (2.0, YOU), *later(3.8, WHOLE[4:])),
    stream(
        "&keep_alive=40",
        *(*FIRST, (0.0, HI), (0.04, PING), (0.08, PING), (0.1, YOU), (0.14, PING), (0.18, PING)),
        *WHOLE[4:],
    ),
    stream(
        "&keep_alive=400&first_token=1000",
        *(*FIRST, (0.4, PING), (0.8, PING)),
        *later(1.0, WHOLE[2:]),
    ),
]

FAILURES = [
    document("fail=timeout", failure(b"timeout_error", b"Request timeout"), status=504, at=30.0),
    watched(stream("&fail=silence"), 500.0),
    stream("&fail=silence&silence=3000", *later(3.0, WHOLE)),
    stream("&fail_chunk=1", *FIRST, (0.0, BROKEN)),
    stream("&fail_chunk=2", *SAID[:3], (0.1, BROKEN)),
    stream("&fail_chunk=end", *SAID, (0.2, BROKEN_END)),
    stream("&fail_chunk=2&fail_chunk_mode=unfinished", *SAID[:3], (0.1, BROKEN[:-2])),
    stream("&fail_chunk=1&fail_chunk_mode=reset", *FIRST, ending="RST"),
    stream("&fail_chunk=2&fail_chunk_mode=cut", *SAID[:3], ending="FIN", ended=0.1),
    stream("&fail_chunk=end&fail_chunk_mode=end", *SAID),
    stream("&fail_chunk=2&fail_chunk_mode=error", *SAID[:3], (0.1, FAILED)),
    stream("&fail_chunk=end&fail_chunk_mode=error", *SAID, (0.2, FAILED)),
    watched(
        stream(
            "&fail_chunk=2&fail_chunk_mode=silence&keep_alive=60",
            *(*SAID[:3], (0.06, PING), (0.16, PING), (0.22, PING)),
        ),
        0.25,
    ),
    stream("&end=complete", *WHOLE),
    stream("&end=no_done", *WHOLE[:-1]),
    stream("&end=no_finish", *SAID, (0.2, STOP)),
    stream("&end=double_done", *WHOLE, (0.2, STOP)),
    stream("&end=after_done", *WHOLE, (0.2, HI), ended=0.3),
    watched(stream("&end=open", *WHOLE), 500.0),
    document("body=error", INTERNAL),
    document("body=error&error_message=No luck", failure(b"api_error", b"No luck")),
    document("body=error&fail=429", LIMITED, status=429),
    document("body=numeric_error", INTERNAL.replace(b'error"}', b'error","code":500}')),
]


def compact(data: bytes) -> bytes:
    return data.replace(b"data: ", b"data:").replace(b"event: ", b"event:")


def obfuscated(data: bytes) -> bytes:
    return data.replace(b"}\n\n", b',"obfuscation":"xxxxx"}\n\n')


BYTES = [
    stream("&encoding=gzip", *WHOLE, headers=headed(("content-encoding", "gzip"))),
    stream("&line_end=crlf", *lines(b"\r\n", WHOLE)),
    stream("&line_end=cr", *lines(b"\r", WHOLE)),
    stream("&space=false", *((at, compact(data)) for at, data in WHOLE)),
    stream("&bom=true", (0.0, b"\xef\xbb\xbf" + START), *WHOLE[1:]),
    stream("&comments=true", *((at, b": keep-alive\n\n" + data) for at, data in WHOLE)),
    stream("&padding=5", *((at, obfuscated(data)) for at, data in WHOLE)),
    stream("&cut=bytes", *((at, bytes([byte])) for at, data in WHOLE for byte in data)),
    stream("&cut=nowhere", (0.0, START + BLOCK + HI), (0.1, YOU), (0.2, BLOCK_END + FINISH + STOP)),
]


def limit(of: str, most: str, left: str) -> Headers:
    values = ("limit", most), ("remaining", left), ("reset", "2030-01-01T00:00:00Z")
    return tuple((f"anthropic-ratelimit-{of}-{name}", value) for name, value in values)


LIMITS = (
    *limit("requests", "60", "59"),
    *limit("tokens", "180000", "179000"),
    *limit("input-tokens", "150000", "149000"),
    *limit("output-tokens", "30000", "30000"),
)
USED_UP = (*limit("requests", "60", "0"), *LIMITS[3:])
HEADERS = [
    document("fail=429&rate_limit=true", LIMITED, status=429, more=USED_UP),
    stream("&rate_limit=true", *WHOLE, headers=headed(*LIMITS)),
    stream("&request_id=req-1", *WHOLE, headers=headed(("request-id", "req-1"))),
]

PROGRESS = named(b"message_progress", b',"progress":0')
EARLY = finished(b"null", b'{"output_tokens":1}')
SIGNATURE = b"c2x1aWNlZ2F0ZQ=="


def unnamed(data: bytes) -> bytes:
    return data[data.index(b"data: ") :]


def redacted(reads: tuple[Read, ...]) -> tuple[Read, ...]:
    block = begun(0, b'"type":"redacted_thinking","data":"%s"' % SIGNATURE)
    moved = ((at, data.replace(b'"index":0', b'"index":1')) for at, data in reads[1:])
    return (reads[0], (0.0, block), (0.0, stopped(0)), *moved)


# A ping comes after the pace of the event that it follows.
def pinged() -> Iterator[Read]:
    for at, data in WHOLE[:-1]:
        yield at, data
        yield at + 0.1 * (b"text_delta" in data), PING
    yield WHOLE[-1]


QUIRKS = [
    stream("&quirks=pings", *pinged()),
    stream("&quirks=unknown_event", WHOLE[0], (0.0, PROGRESS), *WHOLE[1:]),
    stream("&quirks=two_message_deltas", *SAID, (0.2, EARLY), *WHOLE[-2:]),
    stream("&quirks=done_marker", *WHOLE, (0.2, b"data: [DONE]\n\n")),
    stream("&quirks=no_event_names", *((at, unnamed(data)) for at, data in WHOLE)),
    stream(
        "&quirks=no_event_names&fail_chunk=end",
        *((at, unnamed(data)) for at, data in (*SAID, (0.2, BROKEN))),
    ),
    stream(
        "&quirks=output_tokens_only",
        *(*SAID, (0.2, finished(usage=b'{"output_tokens":15}')), (0.2, STOP)),
    ),
    stream(
        "&quirks=null_cache_tokens",
        *((0.0, started(NULL_TOKENS)), *SAID[1:]),
        *((0.2, finished(usage=USAGE % NULL_TOKENS)), (0.2, STOP)),
    ),
    document(
        f"{TEXT}&quirks=null_cache_tokens",
        plain(b'{"type":"text","text":"Hi you"}', cached=NULL_TOKENS),
    ),
    stream("&quirks=redacted_thinking", *redacted(WHOLE)),
]

CALLS = 'tool_calls=f{"a":1},now{}'


def use(index: int, name: bytes) -> bytes:
    members = b'"type":"tool_use","id":"toolu_mock%d","name":"%s","input":{}' % (index + 1, name)
    return begun(index, members)


def argument(index: int, text: bytes) -> bytes:
    return delta(index, b"input_json_delta", b"partial_json", text)


# What precedes an event by the pace are the pieces before it: blocks begin and end in no time.
def called(query: str, *groups: tuple[bytes, ...], reason: bytes = b'"tool_use"') -> Case:
    reads: list[Read] = [(0.0, START)]
    at = 0.0
    for data in (each for group in groups for each in group):
        reads.append((round(at, 6), data))
        at += 0.1 if b"content_block_delta" in data else 0.0
    reads += [(round(at, 6), finished(reason)), (round(at, 6), STOP)]
    return Case(f"stream=true&{CALLS}{query}", tuple(reads), headers=STREAM_HEADERS)


EMPTY_F, EMPTY_NOW = argument(0, b""), argument(1, b"")
A_1, NOTHING = argument(0, rb"{\"a\":1}"), argument(1, b"{}")
PIECES = (
    (use(0, b"f"), EMPTY_F, A_1, stopped(0)),
    (use(1, b"now"), EMPTY_NOW, NOTHING, stopped(1)),
)
TOOLS = [
    called("", *PIECES),
    called(
        "&quirks=tool_call_whole",
        (use(0, b"f"), A_1, stopped(0)),
        (use(1, b"now"), NOTHING, stopped(1)),
    ),
    called(
        "&quirks=tool_arguments_broken",
        (use(0, b"f"), EMPTY_F, argument(0, rb"{\"a\":1"), stopped(0)),
        (use(1, b"now"), EMPTY_NOW, argument(1, b"{"), stopped(1)),
    ),
    called("&quirks=end_turn_after_tools", *PIECES, reason=b'"end_turn"'),
]

CASES = [*STATUSES, *WHEN, *FAILURES, *BYTES, *HEADERS, *QUIRKS, *TOOLS]
