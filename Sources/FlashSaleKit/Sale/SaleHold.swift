/// A hold as a code names it. The id alone comes from the secret bits of a code; whoever writes another sale in front
/// of them asks for another hold, which was never issued.
public struct SaleHold: Hashable, Sendable {
    /// The sale that the code names.
    public let saleID: SaleID
    /// The id that the secret bits of the code stand for.
    public let holdID: HoldID

    /// A hold of this sale.
    public init(_ holdID: HoldID, of saleID: SaleID) {
        self.saleID = saleID
        self.holdID = holdID
    }
}
