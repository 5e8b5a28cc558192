import FlashSaleKit

/// How a sale is written, for people and for programs.
enum SaleReport {
    static func data(_ sale: Sale) -> DataValue {
        .fields([
            "id": .integer(sale.id.rawValue),
            "item_name": .string(sale.terms.itemName),
            "image_url": .string(sale.terms.imageURL),
            "stock": .integer(sale.terms.stock),
            "user_limit": .integer(sale.terms.userLimit),
            "hold_ms": .integer(sale.terms.holdMilliseconds),
            "opens_at": .string(sale.terms.opensAt.rfc3339),
            "closes_at": .string(sale.terms.closesAt.rfc3339),
            "hourly": .bool(sale.terms.hourly),
            "test": .bool(sale.terms.test),
            "epoch": sale.epoch.map { .integer($0) } ?? .null,
            "finished_at": .optional(sale.finishedAt?.rfc3339),
        ])
    }

    static func facts(_ sale: Sale) -> [(name: String, value: TableLayout.Cell)] {
        let kind = [sale.terms.hourly ? "hourly" : "seeded", sale.terms.test ? "test sale" : nil]
        return [
            ("sale", .init(sale.id.description, .bold)),
            ("item", .init(sale.terms.itemName)),
            ("image", .init(sale.terms.imageURL)),
            ("stock", .init("\(NumberText.grouped(sale.terms.stock)) units, \(sale.terms.userLimit) per user")),
            ("hold", .init(DurationText.text(milliseconds: sale.terms.holdMilliseconds))),
            ("opens", .init(sale.terms.opensAt.rfc3339)),
            ("closes", .init(sale.terms.closesAt.rfc3339)),
            ("kind", .init(kind.compactMap(\.self).joined(separator: ", "))),
        ]
    }
}
