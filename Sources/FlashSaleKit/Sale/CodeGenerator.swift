/// Draws codes from blocks of the system's random generator: one system call for many codes instead of two for each.
///
/// Lives on one event loop.
public struct CodeGenerator {
    private var random = BlockRandom()

    /// A generator with an empty block.
    public init() {}

    /// A new code with 128 random bits.
    public mutating func next(for saleID: SaleID) -> HoldCode {
        HoldCode(saleID: saleID, high: random.next(), low: random.next())
    }
}
