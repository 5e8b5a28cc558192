import FlashSaleKit

/// Where the numbers come from: everything that has to be the same for a second run to be comparable.
struct LoadProvenance: Sendable, Equatable {
    /// A store and what a crash may take from it, e.g. `appendfsync` and `everysec`.
    struct Store: Sendable, Equatable {
        var name: String
        /// Where it is and which version it has; why it could not be asked.
        var description: String
        var settings: [LoadRecord.Fact] = []
    }

    /// Of flashctl.
    var version: String
    /// The commit that was built.
    var revision: String
    /// The command line, without secrets.
    var commandLine: [String]
    /// Nil when the run does not depend on one.
    var seed: UInt64?
    var startedAt: Timestamp
    var host: String
    /// For instance `Linux 6.1.0-28-amd64 x86_64`.
    var kernel: String
    /// What this process may use.
    var cores: Int
    /// As the system names it; nil when it does not.
    var processor: String?
    var stores: [Store] = []
}
