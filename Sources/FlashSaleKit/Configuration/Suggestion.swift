/// Finds what somebody meant who misspelled a name.
public enum Suggestion {
    /// The nearest of the candidates, nil when none is near enough to be meant.
    public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let limit = max(2, name.count / 3)
        return
            candidates
            .map { (name: $0, distance: distance(from: name.lowercased(), to: $0.lowercased())) }
            .filter { $0.distance <= limit }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
            .name
    }

    /// Number of insertions, deletions and replacements that turn one text into the other.
    static func distance(from first: String, to second: String) -> Int {
        let target = Array(second)
        var previous = Array(0...target.count)
        for (row, character) in first.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(target.count + 1)
            for (column, other) in target.enumerated() {
                let replaced = previous[column] + (character == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[target.count]
    }
}
