/// Variables that Kubernetes puts into the containers of a namespace, for each of its Services; see "Environment
/// variables" in its documentation of Services. Those of a Service `flashctl` or `flashctl-admin` begin like settings.
enum ServiceVariable {
    private static let protocols = ["tcp", "udp", "sctp"]

    /// Whether a variable has the name and the kind of value that those have. Both are looked at: a setting that is
    /// misspelled stays an error.
    static func matches(_ name: String, _ text: String) -> Bool {
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        guard words.count > 1, let last = words.last else { return false }
        if last == "HOST" { return words.dropLast().last == "SERVICE" && isAddress(text) }
        // NAME_SERVICE_PORT, NAME_SERVICE_PORT_HTTP
        if holds(words, "SERVICE", "PORT"), isNumber(text) { return true }
        // NAME_PORT
        if last == "PORT", isURL(text) { return true }
        return isPort(words, text)
    }

    /// `NAME_PORT_80_TCP` and what is derived from it.
    private static func isPort(_ words: [Substring], _ text: String) -> Bool {
        guard
            let place = words.indices.last(where: { index in
                words[index] == "PORT" && index > 0 && index + 2 < words.count && isNumber(words[index + 1])
                    && protocols.contains(words[index + 2].lowercased())
            })
        else { return false }
        switch words[(place + 3)...] {
        case []: return isURL(text)
        case ["PROTO"]: return protocols.contains(text.lowercased())
        case ["PORT"]: return isNumber(text)
        case ["ADDR"]: return isAddress(text)
        default: return false
        }
    }

    private static func holds(_ words: [Substring], _ first: Substring, _ second: Substring) -> Bool {
        words.indices.dropFirst().dropLast().contains { words[$0] == first && words[$0 + 1] == second }
    }

    private static func isURL(_ text: String) -> Bool {
        protocols.contains { text.lowercased().hasPrefix($0 + "://") }
    }

    private static func isNumber(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.allSatisfy { ("0"..."9").contains($0) }
    }

    /// An address in digits, of either kind.
    private static func isAddress(_ text: String) -> Bool {
        text.contains { ".:".contains($0) } && text.allSatisfy { $0.isHexDigit || ".:".contains($0) }
    }
}
