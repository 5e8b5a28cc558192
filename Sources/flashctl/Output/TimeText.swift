import FlashSaleKit

/// Times as RFC 3339 in UTC, e.g. `2025-11-22T10:00:00Z`; fractions only when there are some.
enum TimeText {
    private static let day: Int64 = 86_400_000_000

    static func text(_ time: Timestamp) -> String {
        let days = floorDivide(time.microseconds, day)
        let rest = time.microseconds - days * day
        let date = civil(days: days)
        let clock = [rest / 3_600_000_000, rest / 60_000_000 % 60, rest / 1_000_000 % 60].map { padded($0, 2) }
        let fraction = rest % 1_000_000
        let digits = fraction == 0 ? "" : "." + padded(fraction, 6)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + clock.joined(separator: ":") + digits + "Z"
    }

    /// Nil unless the text is such a time, in UTC or with an offset, e.g. `+01:00`. Seconds may be left out.
    static func parse(_ text: String) -> Timestamp? {
        let pattern =
            #/(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?([Zz]|[+-]\d\d:\d\d)/#
        guard let match = text.wholeMatch(of: pattern)?.output, let year = Int64(match.1), let month = Int64(match.2),
            let day = Int64(match.3), let hour = Int64(match.4), let minute = Int64(match.5),
            let second = Int64(match.6 ?? "0"), let offset = offsetMinutes(match.8)
        else { return nil }
        let fraction = Int64((String(match.7 ?? "") + "000000").prefix(6)) ?? 0
        let days = TimeText.days(year: year, month: month, day: day)
        let back = civil(days: days)
        // 30 February would be taken for 1 or 2 March.
        guard back == (year, month, day), hour < 24, minute < 60, second < 60 else { return nil }
        let seconds = days * 86_400 + hour * 3600 + (minute - offset) * 60 + second
        return Timestamp(microseconds: seconds * 1_000_000 + fraction)
    }

    private static func offsetMinutes(_ text: Substring) -> Int64? {
        guard text.count == 6 else { return 0 }
        guard let hours = Int64(text.dropFirst().prefix(2)), let minutes = Int64(text.suffix(2)), hours < 24,
            minutes < 60
        else { return nil }
        return (text.hasPrefix("-") ? -1 : 1) * (hours * 60 + minutes)
    }

    /// Days since 1970-01-01 to a date of the Gregorian calendar and back, after
    /// https://howardhinnant.github.io/date_algorithms.html.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = floorDivide(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
