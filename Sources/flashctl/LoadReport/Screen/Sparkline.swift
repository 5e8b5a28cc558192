/// The course of a number in one line of a terminal, from 0 up to its greatest value.
enum Sparkline {
    private static let blocks = Array("▁▂▃▄▅▆▇█")
    private static let signs = Array("_.-=*#")

    /// One column for each value, the last `width` of them.
    static func text(_ values: [Double], width: Int, unicode: Bool) -> String {
        let steps = unicode ? blocks : signs
        let shown = values.suffix(max(0, width))
        guard let greatest = shown.max(), greatest > 0, greatest.isFinite else {
            return String(repeating: steps[0], count: shown.count)
        }
        return String(
            shown.map { value in
                let place = Int((max(0, value) / greatest * Double(steps.count)).rounded(.up)) - 1
                return steps[min(steps.count - 1, max(0, place))]
            }
        )
    }
}
