/// Which requests are recorded, and where.
public struct TracingOptions: Sendable, Equatable {
    /// Share of the requests without a `traceparent` that are recorded, 0…1. With one, the caller decides.
    public var share: Double
    /// Path of the file to which spans are appended, as lines of OTLP in JSON.
    public var file: String

    /// These.
    public init(share: Double, file: String) {
        self.share = share
        self.file = file
    }
}
