from dataclasses import replace

from .wire_cases import (
    STREAM_HEADERS,
    Case,
    document,
    headed,
    headless,
    later,
    lines,
    stream,
    typed,
    watched,
)
from .wire_client import Read

HEAD = b'"id":"mock-1","object":"chat.completion.chunk","created":1735689600,"model":"gpt-4"'
USAGE = b',"usage":{"prompt_tokens":10,"completion_tokens":15,"total_tokens":25}'
NULL = b"null"
PING = b": keep-alive\n\n"


def event(members: bytes) -> bytes:
    return b"data: {%s%s}\n\n" % (HEAD, members)


def choice(delta: bytes, reason: bytes = b',"finish_reason":null') -> bytes:
    return b',"choices":[{"index":0,"delta":{%s}%s}]' % (delta, reason)


def chunk(delta: bytes, reason: bytes = NULL, rest: bytes = b"") -> bytes:
    return event(choice(delta, b',"finish_reason":%s' % reason) + rest)


HI = chunk(b'"role":"assistant","content":"Hi"')
YOU = chunk(b'"content":" you"')
STOP = chunk(b"", b'"stop"')
DONE = b"data: [DONE]\n\n"
BROKEN = b'data: {"broken": \n\n'
FAILED = (
    b'data: {"error":{"message":"The server had an error while processing your request",'
    b'"type":"server_error","param":null,"code":null}}\n\n'
)

SAID: tuple[Read, ...] = ((0.0, HI), (0.1, YOU))
END: tuple[Read, ...] = ((0.2, STOP), (0.2, DONE))
WHOLE = (*SAID, *END)


def plain(message: bytes, reason: bytes = b'"stop"', usage: bytes = USAGE) -> bytes:
    return (
        b'{"id":"mock-1","object":"chat.completion","created":1735689600,"model":"gpt-4",'
        b'"choices":[{"index":0,"message":{"role":"assistant",%s},"finish_reason":%s}]%s}'
    ) % (message, reason, usage)


TEXT = "text=Hi+you"
PLAIN = plain(b'"content":"Hi you"')


def failure(message: bytes, kind: bytes, code: bytes = NULL) -> bytes:
    return b'{"error":{"message":"%s","type":"%s","param":null,"code":%s}}' % (message, kind, code)


LIMITED = failure(b"Rate limit exceeded", b"rate_limit_error", b'"rate_limit_exceeded"')
TIMED_OUT = failure(b"Gateway timeout", b"timeout_error")
INTERNAL = failure(b"Internal server error", b"server_error", b'"internal_error"')

REFUSED = b"invalid_request_error"
ERRORS = (
    (400, (b"Bad request", REFUSED)),
    (401, (b"Incorrect API key provided", REFUSED, b'"invalid_api_key"')),
    (402, (b"Payment required", b"insufficient_quota", b'"insufficient_quota"')),
    (
        403,
        (
            b"Country, region, or territory not supported",
            b"request_forbidden",
            b'"unsupported_country_region_territory"',
        ),
    ),
    (404, (b"The model does not exist", REFUSED, b'"model_not_found"')),
    (408, (b"Request timeout", b"timeout_error")),
    (413, (b"Request too large", REFUSED, b'"request_too_large"')),
    (429, (b"Rate limit exceeded", b"rate_limit_error", b'"rate_limit_exceeded"')),
    (451, (b"Unavailable for legal reasons", REFUSED)),
    (499, (b"Client error", REFUSED)),
    (500, (b"Internal server error", b"server_error", b'"internal_error"')),
    (502, (b"Bad gateway", b"server_error")),
    (503, (b"The server is overloaded, try again later", b"server_error", b'"overloaded"')),
    (504, (b"Gateway timeout", b"timeout_error")),
    (529, (b"Overloaded", b"server_error", b'"overloaded"')),
    (599, (b"Server error", b"server_error")),
)


def page(title: bytes) -> bytes:
    return (
        b"<html>\n<head><title>%s</title></head>\n"
        b"<body>\n<center><h1>%s</h1></center>\n</body>\n</html>\n"
    ) % (title, title)


WHEN = [
    stream("", *WHOLE),
    stream("&delay=0", *WHOLE),
    replace(stream("&delay=2500", *later(2.5, WHOLE)), head_at=2.5),
    document(f"{TEXT}&delay=2500", PLAIN, at=2.5),
    document("delay=1500&fail=429", LIMITED, status=429, at=1.5),
    stream("&first_token=1500", *later(1.5, WHOLE)),
    stream("&pace=0", (0.0, HI), (0.0, YOU), (0.0, STOP), (0.0, DONE)),
    stream("&pace=2000", (0.0, HI), (2.0, YOU), (4.0, STOP), (4.0, DONE)),
    # The first two draws of Python's generator with the seed 0 are 0.844422 and 0.757954.
    stream("&jitter=50", (0.0, HI), (0.134442, YOU), (0.260237, STOP), (0.260237, DONE)),
    stream(
        "&keep_alive=40",
        *((0.0, HI), (0.04, PING), (0.08, PING), (0.1, YOU), (0.14, PING), (0.18, PING)),
        *END,
    ),
    stream("&keep_alive=100", *WHOLE),
    stream("&keep_alive=400&first_token=1000", (0.4, PING), (0.8, PING), *later(1.0, WHOLE)),
    document("fail=timeout&silence=4000", TIMED_OUT, status=504, at=4.0),
]

FAILURES = [
    document(f"{TEXT}&fail=none", PLAIN),
    *(document(f"fail={status}", failure(*error), status=status) for status, error in ERRORS),
    document("fail=429&stream=true", LIMITED, status=429),
    document("fail=timeout", TIMED_OUT, status=504, at=30.0),
    document("fail=timeout&stream=true&delay=1000", TIMED_OUT, status=504, at=31.0),
    watched(headless("fail=hang", "open"), 500.0),
    headless("fail=reset", "RST"),
    headless("fail=close", "FIN"),
    headless("fail=reset&stream=true&delay=700", "RST", at=0.7),
    headless("fail=close&delay=700", "FIN", at=0.7),
    watched(stream("&fail=silence"), 500.0),
    stream("&fail=silence&silence=3000", *later(3.0, WHOLE)),
    watched(replace(document(f"{TEXT}&fail=silence", PLAIN), reads=()), 500.0),
    replace(document(f"{TEXT}&fail=silence&silence=3000", PLAIN, at=3.0), head_at=0.0),
]

BREAKS = [
    stream("&fail_chunk=0", *WHOLE),
    stream("&fail_chunk=3", *WHOLE),
    stream("&fail_chunk=1", (0.0, BROKEN)),
    stream("&fail_chunk=2", (0.0, HI), (0.1, BROKEN)),
    stream("&fail_chunk=end", *SAID, (0.2, BROKEN)),
    stream("&fail_chunk=2&fail_chunk_mode=malformed", (0.0, HI), (0.1, BROKEN)),
    stream("&fail_chunk=2&fail_chunk_mode=unfinished", (0.0, HI), (0.1, b'data: {"broken": ')),
    stream("&fail_chunk=1&fail_chunk_mode=reset", ending="RST"),
    stream("&fail_chunk=2&fail_chunk_mode=reset", (0.0, HI), ending="RST", ended=0.1),
    stream("&fail_chunk=end&fail_chunk_mode=reset", *SAID, ending="RST", ended=0.2),
    stream("&fail_chunk=1&fail_chunk_mode=cut", ending="FIN"),
    stream("&fail_chunk=2&fail_chunk_mode=cut", (0.0, HI), ending="FIN", ended=0.1),
    stream("&fail_chunk=end&fail_chunk_mode=cut", *SAID, ending="FIN", ended=0.2),
    stream("&fail_chunk=1&fail_chunk_mode=end"),
    stream("&fail_chunk=2&fail_chunk_mode=end", (0.0, HI), ended=0.1),
    stream("&fail_chunk=end&fail_chunk_mode=end", *SAID, ended=0.2),
    stream("&fail_chunk=1&fail_chunk_mode=error", (0.0, FAILED)),
    stream("&fail_chunk=end&fail_chunk_mode=error", *SAID, (0.2, FAILED)),
    watched(stream("&fail_chunk=2&fail_chunk_mode=silence", (0.0, HI)), 500.0),
    stream(
        "&fail_chunk=2&fail_chunk_mode=silence&silence=5000",
        *((0.0, HI), (5.1, YOU), (5.2, STOP), (5.2, DONE)),
    ),
    watched(
        stream(
            "&fail_chunk=2&fail_chunk_mode=silence&keep_alive=40",
            *((0.0, HI), (0.04, PING), (0.08, PING), (0.14, PING), (0.18, PING), (0.22, PING)),
        ),
        0.25,
    ),
]

ENDS = [
    stream("&end=complete", *WHOLE),
    stream("&end=no_done", *SAID, (0.2, STOP)),
    stream("&end=no_finish", *SAID, (0.2, DONE)),
    stream("&end=double_done", *WHOLE, (0.2, DONE)),
    stream("&end=after_done", *WHOLE, (0.2, HI), ended=0.3),
    watched(stream("&end=open", *WHOLE), 500.0),
    watched(stream("&end=open&keep_alive=1000", *WHOLE, (1.2, PING), (2.2, PING)), 2.5),
]

# A proxy's page names the status that it comes with.
BODIES = [
    document(f"{TEXT}&body=whole", PLAIN),
    document("body=malformed", b'{"broken": '),
    document(f"{TEXT}&body=truncated", PLAIN[: len(PLAIN) // 2]),
    document("body=truncated&fail=429", LIMITED[: len(LIMITED) // 2], status=429),
    document("body=empty", b""),
    document("body=empty&fail=503&stream=true", b"", status=503),
    document("body=html", page(b"200 OK"), kind="text/html; charset=utf-8"),
    document(
        "body=html&fail=502",
        page(b"502 Bad Gateway"),
        status=502,
        kind="text/html; charset=utf-8",
    ),
    document("body=error&stream=true", INTERNAL),
    document("body=error&fail=429", LIMITED, status=429),
    document("body=numeric_error", INTERNAL.replace(b'"internal_error"', b"500")),
    document(
        "body=numeric_error&fail=429",
        LIMITED.replace(b'"rate_limit_exceeded"', b"429"),
        status=429,
    ),
    document(f"{TEXT}&content_length=right", PLAIN),
    replace(
        document(f"{TEXT}&content_length=too_long", PLAIN),
        headers=(("content-type", "application/json"), ("content-length", str(len(PLAIN) + 10))),
        ending="FIN",
    ),
    replace(
        document("fail=500&content_length=too_long", INTERNAL, status=500),
        headers=(("content-type", "application/json"), ("content-length", str(len(INTERNAL) + 10))),
        ending="FIN",
    ),
    replace(
        document(f"{TEXT}&content_length=too_short", PLAIN),
        headers=(
            ("content-type", "application/json"),
            ("connection", "close"),
            ("content-length", str(len(PLAIN) - 10)),
        ),
        reads=((0.0, PLAIN[:-10]),),
        surplus=PLAIN[-10:],
        ending="complete, FIN",
    ),
]

CRLF, CR = lines(b"\r\n", WHOLE), lines(b"\r", WHOLE)
ZIPPED = headed(("content-encoding", "gzip"))
BEFORE, AFTER = chunk(b'"role":"assistant","content":"a|"').split(b"|")


def crlf(data: bytes) -> tuple[bytes, ...]:
    return data[:-2] + b"\r", b"\n\r", b"\n"


def bytewise(*reads: Read) -> tuple[Read, ...]:
    return tuple((at, bytes([byte])) for at, data in reads for byte in data)


def obfuscated(data: bytes, size: int) -> bytes:
    return data.replace(b"}\n\n", b',"obfuscation":"%s"}\n\n' % (b"x" * size))


BYTES = [
    stream("&encoding=identity", *WHOLE),
    stream("&encoding=gzip", *WHOLE, headers=ZIPPED),
    stream("&encoding=gzip&first_token=1000", *later(1.0, WHOLE), headers=ZIPPED),
    stream(
        *("&encoding=gzip&fail_chunk=2&fail_chunk_mode=cut", (0.0, HI)),
        ending="FIN",
        ended=0.1,
        headers=ZIPPED,
    ),
    watched(
        stream(
            "&encoding=gzip&fail_chunk=2&fail_chunk_mode=silence&keep_alive=60",
            *((0.0, HI), (0.06, PING), (0.16, PING), (0.22, PING)),
            headers=ZIPPED,
        ),
        0.25,
    ),
    document(f"{TEXT}&encoding=gzip", PLAIN, more=(("content-encoding", "gzip"),)),
    stream("&line_end=lf", *WHOLE),
    stream("&line_end=crlf", *CRLF),
    stream("&line_end=cr", *CR),
    stream("&line_end=crlf&fail_chunk=1", (0.0, b'data: {"broken": \r\n\r\n')),
    stream("&space=true", *WHOLE),
    stream("&space=false", *((at, data.replace(b"data: ", b"data:")) for at, data in WHOLE)),
    stream("&bom=true", (0.0, b"\xef\xbb\xbf" + HI), *WHOLE[1:]),
    stream("&bom=true&first_token=1000", (1.0, b"\xef\xbb\xbf" + HI), *later(1.0, WHOLE[1:])),
    stream("&bom=false", *WHOLE),
    stream("&comments=true", *((at, PING + data) for at, data in WHOLE)),
    stream("&comments=false", *WHOLE),
    stream("&padding=0", *WHOLE),
    stream("&padding=5", *((at, obfuscated(data, 5)) for at, data in WHOLE)),
    stream("&padding=100000", *((at, obfuscated(data, 100_000)) for at, data in WHOLE)),
    stream("&cut=events", *WHOLE),
    stream("&cut=bytes", *bytewise(*WHOLE)),
    stream("&cut=nowhere", *SAID, (0.2, STOP + DONE)),
    stream("&cut=line_ends&line_end=crlf", *((at, part) for at, d in WHOLE for part in crlf(d))),
    Case(
        "stream=true&text=a%F0%9F%98%80&cut=characters",
        ((0.0, BEFORE + b"\xf0"), (0.0, b"\x9f\x98\x80" + AFTER), (0.1, STOP), (0.1, DONE)),
        headers=STREAM_HEADERS,
    ),
]

LIMITS = tuple(
    (f"x-ratelimit-{name}", value)
    for name, value in (
        ("limit-requests", "60"),
        ("limit-tokens", "150000"),
        ("remaining-requests", "59"),
        ("remaining-tokens", "149984"),
        ("reset-requests", "1s"),
        ("reset-tokens", "6m0s"),
    )
)
USED_UP = tuple((name, "0" if name.endswith("ing-requests") else n) for name, n in LIMITS)
DATE = (("retry-after", "Wed, 01 Jan 2025 00:01:00 GMT"),)

HEADERS = [
    stream("&content_type=text/plain", *WHOLE, headers=typed("text/plain")),
    stream("&content_type=text/plain; charset=x", *WHOLE, headers=typed("text/plain; charset=x")),
    stream("&content_type=none", *WHOLE, headers=typed(None)),
    document(f"{TEXT}&content_type=text/event-stream", PLAIN, kind="text/event-stream"),
    document("fail=500&content_type=none", INTERNAL, status=500, kind=None),
    stream("&retry_after=7", *WHOLE, headers=headed(("retry-after", "7"))),
    document("fail=429&retry_after=7", LIMITED, status=429, more=(("retry-after", "7"),)),
    document("fail=429&retry_after_date=60", LIMITED, status=429, more=DATE),
    stream("&rate_limit=true", *WHOLE, headers=headed(*LIMITS)),
    document("fail=429&rate_limit=true", LIMITED, status=429, more=USED_UP),
    document("fail=429&rate_limit=false", LIMITED, status=429),
    stream("&request_id=req-1", *WHOLE, headers=headed(("x-request-id", "req-1"))),
    document(
        "fail=500&error_message=Out of luck: 'x'",
        failure(b"Out of luck: 'x'", b"server_error", b'"internal_error"'),
        status=500,
    ),
    document("fail=500&request_id=~!", INTERNAL, status=500, more=(("x-request-id", "~!"),)),
]

CASES = [*WHEN, *FAILURES, *BREAKS, *ENDS, *BODIES, *BYTES, *HEADERS]
