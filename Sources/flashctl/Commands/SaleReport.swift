import FlashSaleKit

/// How a sale is written, for people and for programs.
enum SaleReport {
    static func data(_ sale: Sale) -> DataValue {
        data(sale.terms, id: sale.id, epoch: sale.epoch, finishedAt: sale.finishedAt)
    }

    /// Without a number: a sale that does not exist yet.
    static func data(
        _ terms: SaleTerms,
        id: SaleID? = nil,
        epoch: Int64? = nil,
        finishedAt: Timestamp? = nil
    ) -> DataValue {
        .fields([
            "id": id.map { .integer($0.rawValue) } ?? .null,
            "item_name": .string(terms.itemName),
            "image_url": .string(terms.imageURL),
            "stock": .integer(terms.stock),
            "user_limit": .integer(terms.userLimit),
            "hold_ms": .integer(terms.holdMilliseconds),
            "opens_at": .string(terms.opensAt.rfc3339),
            "closes_at": .string(terms.closesAt.rfc3339),
            "hourly": .bool(terms.hourly),
            "test": .bool(terms.test),
            "epoch": epoch.map { .integer($0) } ?? .null,
            "finished_at": .optional(finishedAt?.rfc3339),
        ])
    }

    static func facts(_ sale: Sale) -> [(name: String, value: TableLayout.Cell)] {
        [("sale", .init(sale.id.description, .bold))] + facts(sale.terms)
    }

    static func facts(_ terms: SaleTerms) -> [(name: String, value: TableLayout.Cell)] {
        let kind = [terms.hourly ? "hourly" : "seeded", terms.test ? "test sale" : nil]
        return [
            ("item", .init(terms.itemName)),
            ("image", .init(terms.imageURL)),
            ("stock", .init("\(NumberText.counted(terms.stock, "unit")), \(terms.userLimit) per user")),
            ("hold", .init(DurationText.text(milliseconds: terms.holdMilliseconds))),
            ("opens", .init(terms.opensAt.rfc3339)),
            ("closes", .init(terms.closesAt.rfc3339)),
            ("kind", .init(kind.compactMap(\.self).joined(separator: ", "))),
        ]
    }
}
