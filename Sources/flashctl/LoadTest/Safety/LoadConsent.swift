/// Whether a load test may be sent where it is meant to go. Load on somebody else's machine, or on a sale that real
/// people buy from, has to be meant.
enum LoadConsent {
    /// Fails unless the target is this machine and sells for a test, or somebody has named its host.
    ///
    /// - Parameter isTest: whether the sale that the server sells is marked as a test; nil when it does not say.
    static func check(_ target: LoadTarget, isTest: Bool?, meant host: String?) throws(CommandFailure) {
        if let host, host != target.host {
            throw CommandFailure(
                .usage,
                "--yes-i-mean names `\(host)`, but the target is \(target)",
                nextStep: "give both the same host"
            )
        }
        if host != nil { return }
        let trouble: String
        if !target.isLoopback {
            trouble = "\(target) is not this machine"
        } else if isTest == false {
            trouble = "the sale of \(target) is not marked as a test"
        } else {
            return
        }
        throw CommandFailure(
            .usage,
            "\(trouble), and nothing was sent",
            nextStep: "add `--yes-i-mean \(target.host)` if this is what you mean"
        )
    }
}

extension LoadTarget {
    /// Whether it is this machine, by its name.
    var isLoopback: Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 = numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil }
        return host.lowercased() == "localhost" || host == "::1" || isIPv4 && numbers[0] == "127"
    }
}
