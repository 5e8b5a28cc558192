extension Timestamp {
    /// RFC 3339 in UTC with milliseconds, e.g. `2026-11-22T21:05:00.000Z`. Computed without Foundation, as it is part
    /// of every 201.
    public var rfc3339: String {
        String(unsafeUninitializedCapacity: 24) { buffer in
            var position = 0
            writeRFC3339 { byte in
                buffer[position] = byte
                position += 1
            }
            return position
        }
    }

    /// Hands the bytes of ``rfc3339`` to `write`.
    public func writeRFC3339(_ write: (UInt8) -> Void) {
        let date = civilDate
        func digits(_ value: Int64, _ count: Int) {
            var divisor: Int64 = 1
            for _ in 1..<count { divisor *= 10 }
            var rest = value
            for _ in 0..<count {
                write(48 + UInt8(truncatingIfNeeded: rest / divisor))
                rest %= divisor
                divisor /= 10
            }
        }
        let day: Int64 = 86_400_000_000
        var time = microseconds % day
        if time < 0 { time += day }
        digits(date.year, 4)
        write(UInt8(ascii: "-"))
        digits(date.month, 2)
        write(UInt8(ascii: "-"))
        digits(date.day, 2)
        write(UInt8(ascii: "T"))
        digits(time / 3_600_000_000, 2)
        write(UInt8(ascii: ":"))
        digits(time / 60_000_000 % 60, 2)
        write(UInt8(ascii: ":"))
        digits(time / 1_000_000 % 60, 2)
        write(UInt8(ascii: "."))
        digits(time / 1000 % 1000, 3)
        write(UInt8(ascii: "Z"))
    }

    /// Proleptic Gregorian date, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    private var civilDate: (year: Int64, month: Int64, day: Int64) {
        let dayLength: Int64 = 86_400_000_000
        var days = microseconds / dayLength
        if microseconds % dayLength < 0 { days -= 1 }
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
