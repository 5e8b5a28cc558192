/// How much is done, as a bar.
struct ProgressBar {
    /// 0…1; nil: nobody knows.
    var share: Double?
    var unicode: Bool

    /// The bar with its brackets, in exactly `width` columns.
    func text(width: Int) -> String {
        let room = max(1, width - 2)
        guard let share else { return "[" + String(repeating: unicode ? "░" : ".", count: room) + "]" }
        let done = min(room, Int(share * Double(room)))
        return "[" + String(repeating: unicode ? "█" : "#", count: done)
            + String(repeating: unicode ? "░" : ".", count: room - done) + "]"
    }
}
