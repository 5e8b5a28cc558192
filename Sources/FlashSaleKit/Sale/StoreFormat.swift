/// The format of what the stores keep: a number in `installation`, in the hash of each sale in Redis, and in each entry
/// of the journal (field `v`). Where there is none it is 1.
///
/// A sale keeps the format that it was opened with. What is newer than ``known`` is refused and left as it is: neither
/// decided, nor drained, nor recovered.
public enum StoreFormat {
    /// The newest that this program understands.
    public static let known: Int64 = 1

    /// What to do about a newer one.
    static let nextStep = "use the newer flashctl"

    /// Why something of a newer format is refused.
    static func refusal(of what: String, format: some CustomStringConvertible) -> String {
        "\(what) has format \(format), this flashctl knows \(known)"
    }
}
