import Foundation
import Histogram

/// The bytes of a histogram as all HdrHistogram libraries exchange them: version 2, counts as zigzag LEB128 numbers,
/// runs of zeros as one negative number, in a zlib stream, in base64.
enum HistogramEncoding {
    // The 0x10 stands for counts of variable length.
    private static let plainCookie: UInt32 = 0x1C84_9303 | 0x10
    private static let compressedCookie: UInt32 = 0x1C84_9304 | 0x10

    static func base64(_ histogram: Histogram<UInt64>) -> String {
        let stream = StoredZlib.stream(bytes(histogram))
        var output: [UInt8] = []
        append(compressedCookie, to: &output)
        append(UInt32(stream.count), to: &output)
        return Data(output + stream).base64EncodedString()
    }

    /// Header and counts.
    static func bytes(_ histogram: Histogram<UInt64>) -> [UInt8] {
        let counts = countBytes(histogram)
        var output: [UInt8] = []
        append(plainCookie, to: &output)
        append(UInt32(counts.count), to: &output)
        // Nothing was shifted.
        append(UInt32(0), to: &output)
        append(UInt32(histogram.numberOfSignificantValueDigits.rawValue), to: &output)
        append(histogram.lowestDiscernibleValue, to: &output)
        append(histogram.highestTrackableValue, to: &output)
        // Values are whole numbers as they are.
        append((1.0).bitPattern, to: &output)
        return output + counts
    }

    private static func countBytes(_ histogram: Histogram<UInt64>) -> [UInt8] {
        let layout = CountLayout(histogram)
        var output: [UInt8] = []
        var next = 0
        for value in histogram.recordedValues() {
            let index = layout.index(of: value.value)
            if index > next { appendZigZag(-Int64(index - next), to: &output) }
            appendZigZag(Int64(clamping: value.count), to: &output)
            next = index + 1
        }
        return output
    }

    /// Small numbers of either sign in few bytes; the ninth byte holds eight bits.
    static func appendZigZag(_ number: Int64, to output: inout [UInt8]) {
        var rest = UInt64(bitPattern: (number << 1) ^ (number >> 63))
        for _ in 0..<8 {
            if rest < 0x80 { return output.append(UInt8(rest)) }
            output.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func append(_ number: some FixedWidthInteger, to output: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { output += $0 }
    }
}

/// Where a histogram counts a value: the package does not tell, but the format is made of places.
private struct CountLayout {
    /// Unit of the first bucket, as a power of two.
    let unitMagnitude: Int
    /// Half of the steps of a bucket, as a power of two.
    let halfMagnitude: Int

    init(_ histogram: Histogram<UInt64>) {
        unitMagnitude = UInt64.bitWidth - 1 - histogram.lowestDiscernibleValue.leadingZeroBitCount
        // Steps of one unit up to twice the smallest number with one digit more.
        var largest: UInt64 = 2
        for _ in 0..<histogram.numberOfSignificantValueDigits.rawValue { largest *= 10 }
        halfMagnitude = UInt64.bitWidth - (largest - 1).leadingZeroBitCount - 1
    }

    func index(of value: UInt64) -> Int {
        let mask = UInt64((2 << halfMagnitude) - 1) << UInt64(unitMagnitude)
        let bits = UInt64.bitWidth - (value | mask).leadingZeroBitCount
        let bucket = bits - unitMagnitude - halfMagnitude - 1
        let step = Int(value >> UInt64(bucket + unitMagnitude))
        return (bucket + 1) << halfMagnitude + step - 1 << halfMagnitude
    }
}
