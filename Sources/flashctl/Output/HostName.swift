import Glibc

/// The name of this machine, as the system has it: no name server is asked.
enum HostName {
    static let current: String = {
        var name = [CChar](repeating: 0, count: 256)
        let found = gethostname(&name, name.count - 1)
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return found == 0 && !text.isEmpty ? text : "unknown-host"
    }()
}

extension CommandEnvironment {
    /// Who changes a sale, and from where, for the ledger: in one line of at most 200 characters.
    var operatorName: String { String(DisplayWidth.harmless("\(actor)@\(HostName.current)").prefix(200)) }
}
