import FlashSaleKit

/// What answers say of a sale, as JSON that is ready to be copied.
struct SaleDisplay: Sendable {
    /// `,"item_name":…,"image_url":…`
    let receiptFragment: [UInt8]

    init(terms: SaleTerms) {
        let fragment =
            ",\"item_name\":\(JSONString.quoted(terms.itemName)),\"image_url\":\(JSONString.quoted(terms.imageURL))"
        receiptFragment = Array(fragment.utf8)
    }
}
