import FlashSaleKit

/// Times as people give them on the command line: RFC 3339.
enum TimeText {
    /// Nil unless the text is such a time, in UTC or with an offset, e.g. `+01:00`. Seconds may be left out.
    static func parse(_ text: String) -> Timestamp? {
        let pattern =
            #/(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?([Zz]|[+-]\d\d:\d\d)/#
        guard let match = text.wholeMatch(of: pattern)?.output, let year = Int64(match.1), let month = Int64(match.2),
            let day = Int64(match.3), let hour = Int64(match.4), let minute = Int64(match.5),
            let second = Int64(match.6 ?? "0"), let offset = offsetMinutes(match.8)
        else { return nil }
        let midnight = Timestamp(seconds: days(year: year, month: month, day: day) * 86_400)
        // 30 February would be taken for 1 or 2 March.
        guard midnight.rfc3339.prefix(10) == text.prefix(10), hour < 24, minute < 60, second < 60 else { return nil }
        let seconds = hour * 3600 + (minute - offset) * 60 + second
        let fraction = Int64((String(match.7 ?? "") + "000000").prefix(6)) ?? 0
        return Timestamp(microseconds: midnight.microseconds + seconds * 1_000_000 + fraction)
    }

    private static func offsetMinutes(_ text: Substring) -> Int64? {
        guard text.count == 6 else { return 0 }
        guard let hours = Int64(text.dropFirst().prefix(2)), let minutes = Int64(text.suffix(2)), hours < 24,
            minutes < 60
        else { return nil }
        return (text.hasPrefix("-") ? -1 : 1) * (hours * 60 + minutes)
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar, years from 0 on, after
    /// https://howardhinnant.github.io/date_algorithms.html.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // The computed year begins in March; the year 0 is moved up so that nothing is negative.
        let shiftedYear = (month <= 2 ? year - 1 : year) + 400
        let era = shiftedYear / 400 - 1
        let yearOfEra = shiftedYear % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
