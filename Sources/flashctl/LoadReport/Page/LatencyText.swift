/// Latencies along axes: `10 µs`, `1 ms`, `1 s`.
enum LatencyText {
    /// A power of ten of nanoseconds without a fraction.
    static func tick(_ nanoseconds: Double) -> String {
        switch nanoseconds {
        case 1e9...: "\(NumberText.decimal(nanoseconds / 1e9, digits: 0)) s"
        case 1e6...: "\(NumberText.decimal(nanoseconds / 1e6, digits: 0)) ms"
        case 1e3...: "\(NumberText.decimal(nanoseconds / 1e3, digits: 0)) µs"
        default: "\(NumberText.decimal(nanoseconds, digits: 0)) ns"
        }
    }
}
