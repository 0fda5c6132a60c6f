"""Which call of a tool a piece belongs to, where servers of the OpenAI format tell it badly."""


class Places:
    """Tells the place of each piece by its index, its id and its name.

    At some servers the index is missing, or the same for all calls; others repeat id and name in
    every piece, or send another id with each. A call that has an index has it as its place.
    """

    def __init__(self) -> None:
        self._by_index: dict[int, int] = {}
        self._by_id: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._last: int | None = None

    def place(self, index: int | None, call_id: str, name: str) -> int:
        """Return the place of a piece; a new call gets one of its own."""
        known = self._without_index(call_id, name) if index is None else self._by_index.get(index)
        is_other = index is not None and self._is_other(known, call_id, name)
        place = self._new(index) if known is None or is_other else known
        if index is not None:
            self._by_index[index] = place
        if call_id:
            self._by_id[call_id] = place
            self._ids.setdefault(place, call_id)
        self._ids.setdefault(place, "")
        self._last = place
        return place

    def _without_index(self, call_id: str, name: str) -> int | None:
        if call_id in self._by_id:
            return self._by_id[call_id]
        return None if name else self._last

    def _is_other(self, known: int | None, call_id: str, name: str) -> bool:
        # Another id alone is no other call: some servers make one up for each piece.
        before = "" if known is None else self._ids[known]
        return bool(name and call_id and before) and self._by_id.get(call_id) != known

    def _new(self, index: int | None) -> int:
        following = max(self._ids, default=-1) + 1
        return following if index is None or index in self._ids else index
