import FlashSaleKit

/// The Date header (RFC 9110, 5.6.7), e.g. `Sun, 22 Nov 2026 21:05:00 GMT`.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter seconds: whole seconds since 1970-01-01T00:00:00Z, not negative.
    static func format(seconds: Int64) -> [UInt8] {
        let text = Array(Timestamp(seconds: seconds).rfc3339.utf8)
        let month = Int(text[5] - 48) * 10 + Int(text[6] - 48)
        let weekday = days[Int(seconds / 86_400 % 7)]
        var date = Array("\(weekday), ".utf8)
        date.append(contentsOf: text[8..<10])
        date.append(contentsOf: " \(months[month - 1]) ".utf8)
        date.append(contentsOf: text[0..<4])
        date.append(UInt8(ascii: " "))
        date.append(contentsOf: text[11..<19])
        date.append(contentsOf: " GMT".utf8)
        return date
    }
}
