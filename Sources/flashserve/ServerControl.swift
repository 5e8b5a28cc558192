import FlashSaleKit

/// A page about the server.
enum ServerPage: Sendable {
    case health
    case sale
    case readyz(verbose: Bool)
}

/// A page as it is answered.
struct RenderedPage: Sendable {
    var status: StaticString
    var body: String
    /// Complete header lines.
    var headers = ""
}

/// What the event loops ask of the rest of the server. All calls return at once.
protocol ServerControl: AnyObject, Sendable {
    /// A purchase was decided: its row should reach Postgres now.
    func pokeLedgerDrain()
    /// Redis must be validated again before anything else is asked of it.
    ///
    /// - Parameter suspect: the sale that a script would not touch, and its epoch.
    func invalidateRedis(_ reason: String, suspect: (sale: SaleID, epoch: Int64)?)
    /// A script has refused the format of a sale: this server leaves that sale alone.
    func leaveAlone(_ sale: SaleID, _ error: RedisError)
    /// A connection to Redis was lost: whether it is still the same one must be found out before the next is made.
    func recheckRedis(_ reason: String)
    /// Makes a page; `completion` is called once, on any thread.
    func render(_ page: ServerPage, _ completion: @escaping @Sendable (RenderedPage) -> Void)
    /// Reads holds in Postgres; `completion` is called once, on any thread.
    func lookUp(
        _ holds: Set<SaleHold>,
        _ completion: @escaping @Sendable (Result<PurchaseFindings, any Error>) -> Void
    )
}
