from .openai_cases import (
    DONE,
    END,
    HI,
    SAID,
    STOP,
    TEXT,
    USAGE,
    WHOLE,
    YOU,
    choice,
    chunk,
    event,
    plain,
)
from .wire_cases import STREAM_HEADERS, Case, asking, document, later, stream
from .wire_client import Read

ROLE = b'"role":"assistant"'
FILTERED = (
    b',"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{'
    b'"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},'
    b'"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}'
    b"}}]"
)


def said(*datas: bytes) -> tuple[Read, ...]:
    return ((0.0, datas[0]), (0.1, datas[1]), *((0.2, data) for data in datas[2:]), (0.2, DONE))


def reasoned(reason: bytes) -> tuple[Read, ...]:
    deltas = b'"role":"assistant","content":"Hi"', b'"content":" you"'
    return said(*(event(choice(delta, reason)) for delta in deltas), STOP)


def used(data: bytes) -> bytes:
    return data.replace(b"}\n\n", USAGE + b"}\n\n")


QUIRKS = [
    stream(
        "&quirks=role_repeated",
        *said(HI, chunk(ROLE + b',"content":" you"'), chunk(ROLE, b'"stop"')),
    ),
    stream("&quirks=role_missing", *said(chunk(b'"content":"Hi"'), YOU, STOP)),
    stream(
        "&quirks=role_alone",
        *((0.0, chunk(ROLE + b',"content":""')), (0.0, chunk(b'"content":"Hi"'))),
        *WHOLE[1:],
    ),
    stream(
        "&quirks=empty_role",
        *said(HI, chunk(b'"role":"","content":" you"'), chunk(b'"role":""', b'"stop"')),
    ),
    stream("&quirks=null_content", *said(HI, YOU, chunk(b'"content":null', b'"stop"'))),
    stream("&quirks=empty_finish_reason", *reasoned(b',"finish_reason":""')),
    stream("&quirks=no_finish_reason_key", *reasoned(b"")),
    stream("&quirks=usage_on_finish", *said(HI, YOU, used(STOP))),
    stream("&quirks=usage_everywhere", *said(used(HI), used(YOU), used(STOP))),
    stream("&quirks=duplicate_chunk", *SAID, (0.2, YOU), *later(0.1, END)),
    stream("&quirks=no_choices", (0.0, HI), (0.1, event(b"")), (0.1, YOU), *END),
    stream("&quirks=empty_choices_first", (0.0, event(b',"choices":[]' + FILTERED)), *WHOLE),
    document(f"{TEXT}&quirks=no_usage", plain(b'"content":"Hi you"', usage=b"")),
    asking(stream("&quirks=no_usage", *WHOLE), stream_options={"include_usage": True}),
    stream(
        "&quirks=role_missing,duplicate_chunk",
        *((0.0, chunk(b'"content":"Hi"')), (0.1, YOU), (0.2, YOU), *later(0.1, END)),
    ),
]

CALLS = 'tool_calls=f{"a":1},now{}'


def call(index: int, function: bytes, *, name: bytes = b"", role: bytes = b"") -> bytes:
    head = b'"id":"call_mock_%d","type":"function",' % (index + 1) if name else b""
    name = b'"name":"%s",' % name if name else b""
    piece = b'"index":%d,%s"function":{%s"arguments":%s}' % (index, head, name, function)
    return chunk(b'%s"tool_calls":[{%s}]' % (role, piece))


ROLE_FIRST = b'"role":"assistant",'
F, F_ARGUMENTS = call(0, b'""', name=b"f", role=ROLE_FIRST), call(0, b'"{\\"a\\":1}"')
NOW, NOW_ARGUMENTS = call(1, b'""', name=b"now"), call(1, b'"{}"')
CALLED = chunk(b"", b'"tool_calls"')


def called(query: str, *datas: bytes, last: bytes = CALLED) -> Case:
    at = round(len(datas) / 10, 6)
    reads = (*((round(n / 10, 6), data) for n, data in enumerate(datas)), (at, last), (at, DONE))
    return Case(f"stream=true&{CALLS}{query}", reads, headers=STREAM_HEADERS)


def without_index(data: bytes) -> bytes:
    head, calls = data.split(b'"tool_calls"')
    return head + b'"tool_calls"' + calls.replace(b'"index":0,', b"").replace(b'"index":1,', b"")


PIECES = F, F_ARGUMENTS, NOW, NOW_ARGUMENTS
TOOLS = [
    called("", *PIECES),
    called(
        "&quirks=tool_call_whole",
        call(0, b'"{\\"a\\":1}"', name=b"f", role=ROLE_FIRST),
        call(1, b'"{}"', name=b"now"),
    ),
    called(
        "&quirks=tool_indexes_swapped",
        call(1, b'""', name=b"now", role=ROLE_FIRST),
        call(0, b'""', name=b"f"),
        NOW_ARGUMENTS,
        F_ARGUMENTS,
    ),
    called("&quirks=tool_index_missing", *map(without_index, PIECES)),
    called(
        "&quirks=tool_head_repeated",
        *(F, call(0, b'"{\\"a\\":1}"', name=b"f"), NOW, call(1, b'"{}"', name=b"now")),
    ),
    called("&quirks=tool_arguments_broken", F, call(0, b'"{\\"a\\":1"'), NOW, call(1, b'"{"')),
    called(
        "&quirks=object_arguments",
        call(0, b'{"a":1}', name=b"f", role=ROLE_FIRST),
        call(1, b"{}", name=b"now"),
    ),
    called("&quirks=stop_after_tools", *PIECES, last=STOP),
    document(
        'tool_calls=f{"a":1}&quirks=object_arguments,stop_after_tools',
        plain(
            b'"content":null,"tool_calls":[{"id":"call_mock_1","type":"function",'
            b'"function":{"name":"f","arguments":{"a":1}}}]'
        ),
    ),
]

CASES = [*QUIRKS, *TOOLS]
