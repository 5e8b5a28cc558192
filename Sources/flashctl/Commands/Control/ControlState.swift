import FlashSaleKit
import flashserve

/// What buyers of a sale are answered, as far as operators decide it.
struct ControlState: Sendable, Equatable {
    var checkoutPaused: Bool
    var purchasePaused: Bool
    var limit: Int

    init(_ snapshot: SaleSnapshot) {
        checkoutPaused = snapshot.checkoutPaused
        purchasePaused = snapshot.purchasePaused
        limit = snapshot.limit
    }

    /// As it would be after this operation.
    mutating func apply(_ operation: ControlCall.Operation) {
        switch operation {
        case .pauseCheckout: checkoutPaused = true
        case .resumeCheckout: checkoutPaused = false
        case .pausePurchase: purchasePaused = true
        case .resumePurchase: purchasePaused = false
        case .lowerLimit(let lower): limit = lower
        case .ban, .unban, .finish, .withdraw: break
        }
    }

    var data: DataValue {
        .fields([
            "checkout_paused": .bool(checkoutPaused),
            "purchase_paused": .bool(purchasePaused),
            "user_limit": .integer(limit),
        ])
    }

    /// What they see now, one sentence for each that matters to this operation.
    func sentences(about operations: [ControlCall.Operation]) -> [String] {
        let paused = "are answered 503 paused, Retry-After: \(BuyerAnswers.pausedRetry)"
        var sentences = [
            checkoutPaused ? "checkouts \(paused)" : "checkouts are decided",
            purchasePaused ? "purchases \(paused); holds go on to lapse" : "purchases are accepted",
        ]
        for operation in operations {
            switch operation {
            case .ban(let user):
                sentences = ["checkouts of \(user) are answered 403 banned; what \(user) holds or has bought stays"]
            case .unban(let user):
                sentences = ["checkouts of \(user) are decided as those of everybody"]
            case .lowerLimit:
                let units = NumberText.counted(limit, "unit")
                sentences = ["a user who has \(units) or more, held and bought, is answered 429 user_limit"]
            case .pauseCheckout, .resumeCheckout, .pausePurchase, .resumePurchase, .finish, .withdraw: break
            }
        }
        return sentences
    }
}
