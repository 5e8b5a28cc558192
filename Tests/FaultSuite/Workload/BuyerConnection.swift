import TestSupport

/// The connection of one buyer, to whichever server takes it.
struct BuyerConnection {
    private let shop: any ShopDirectory
    private var client: ShopClient?
    /// The server it is connected to, or was last; -1 before the first connection, which may be to any of them.
    private(set) var server = -1

    init(shop: any ShopDirectory) {
        self.shop = shop
    }

    /// A connection that is open, a new one if need be; nil when the server that was picked does not listen.
    mutating func current(_ random: inout SeededRandom) async -> ShopClient? {
        if let client, client.isOpen { return client }
        await drop()
        // A client with more than one address tries another one than the one that failed.
        let others = (0..<shop.serverCount).filter { $0 != server || shop.serverCount == 1 }
        server = others.randomElement(using: &random) ?? 0
        guard let port = shop.port(of: server) else { return nil }
        client = try? await ShopClient.connect(port: port)
        return client
    }

    /// Forgets the connection: after a silence nobody knows which answer would come next.
    mutating func drop() async {
        try? await client?.close()
        client = nil
    }
}
