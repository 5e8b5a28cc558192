import FlashSaleKit

/// A sale as one event loop sees it.
final class LoopSale {
    let id: SaleID
    let epoch: Int64
    let terms: SaleTerms
    let display: SaleDisplay
    let keys: SaleKeys
    let encoder: CheckoutEncoder
    /// Whether the last batch found no stock: then the next one travels without hold ids, which saves drawing and
    /// hashing codes that nobody will get. The script answers `R` if stock has come back.
    var lastBatchSoldOut = false

    /// Nil for a sale that was not opened in Redis yet.
    init?(_ sale: Sale) {
        guard let epoch = sale.epoch else { return nil }
        id = sale.id
        self.epoch = epoch
        terms = sale.terms
        display = SaleDisplay(terms: sale.terms)
        keys = SaleKeys(sale.id)
        encoder = CheckoutEncoder(keys: keys, epoch: epoch)
    }
}
