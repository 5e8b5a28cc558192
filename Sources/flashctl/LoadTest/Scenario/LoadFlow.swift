/// One kind of visitor of a load test: what they send, who they are, and what they do with what they get.
struct LoadFlow: Sendable, Equatable {
    /// What a visitor sends.
    enum Action: String, Sendable, CaseIterable {
        case checkout
        /// Pays with a code that any checkout of the run got and nobody pays for; without one it guesses.
        case purchase
        /// A checkout that no server may accept: without a user, with an item that is none.
        case invalid
        /// A purchase with a code that was made up.
        case guess
    }

    /// Who the visitors are.
    enum Users: Sendable, Equatable {
        /// Each request is of another user.
        case unique
        /// So many users, each as likely as the other.
        case pool(Int)
        /// So many users, the first of whom come most often (Zipf with this exponent, as a continuous distribution).
        case zipf(Int, exponent: Double)
    }

    /// What those do who got a code.
    enum Winners: Sendable, Equatable {
        /// So many of a hundred pay at once, over whichever connection is free next.
        case pay(percent: Int)
        /// They leave their code to the visitors who purchase.
        case handOver
        case habits(Habits)
    }

    /// What buyers do as people do it. Whoever is in none of the shares lets the hold lapse.
    struct Habits: Sendable, Equatable {
        /// Shares of a hundred.
        var pay = 100
        var payLate = 0
        var giveBack = 0
        /// Milliseconds between the code and what is done with it.
        var think = 0...0
        /// The same for those who pay late.
        var late = 0...0
    }

    var name: String
    /// How often it is chosen, in proportion to the others.
    var weight = 1
    var action = Action.checkout
    var users = Users.unique
    /// Stands in front of the numbers of its users, so that the users of different flows are different people.
    var tag = ""
    var winners = Winners.pay(percent: 0)
    /// Share of the checkouts that carry an `Idempotency-Key` and are sent a second time, as they are.
    var repeatPercent = 0
    /// Seconds after the start of the load before which nobody comes.
    var startsAfter = 0.0
}
