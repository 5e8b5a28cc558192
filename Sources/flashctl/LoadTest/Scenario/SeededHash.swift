/// Numbers that look random and depend on nothing but a seed and a place: whoever asks again, in whatever order and on
/// whatever thread, gets the same ones (the finaliser of SplitMix64).
struct SeededHash: Sendable, Equatable {
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = SeededHash.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    }

    /// 64 bits for a place; `purpose` keeps the numbers of one place apart.
    func bits(_ place: Int, _ purpose: UInt64) -> UInt64 {
        let mixed = SeededHash.mixed(seed ^ UInt64(truncatingIfNeeded: place) &* 0xD134_2543_DE82_EF95)
        return SeededHash.mixed(mixed &+ purpose &* 0x9E37_79B9_7F4A_7C15)
    }

    /// A number from 0 to below `bound`, which must be positive.
    func below(_ bound: Int, _ place: Int, _ purpose: UInt64) -> Int {
        Int(bits(place, purpose).multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number from 0 to below 1.
    func fraction(_ place: Int, _ purpose: UInt64) -> Double {
        Double(bits(place, purpose) >> 11) * 0x1p-53
    }

    private static func mixed(_ word: UInt64) -> UInt64 {
        var value = word
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
