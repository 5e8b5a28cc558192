import Testing

@testable import flashserve

struct HighWaterTests {
    /// `#expect` calls nothing that changes a value.
    private final class Mark {
        private var mark: HighWater

        init(backlogLimit: Int, memoryLimit: Int) {
            mark = HighWater(backlogLimit: backlogLimit, memoryLimit: memoryLimit)
        }

        var reason: HighWater.Reason? { mark.reason }
        func observe(_ load: RedisLoad) -> Bool { mark.observe(load) }
        func sentence(_ load: RedisLoad) -> String? { mark.sentence(load) }
    }

    private func load(_ backlog: Int = 0, used: Int64 = 0, of maxmemory: Int64 = 0) -> RedisLoad {
        RedisLoad(backlogBytes: backlog, usedMemory: used, maxmemory: maxmemory)
    }

    @Test("above the limit of the backlog, and below nine tenths of it again")
    func backlog() {
        let mark = Mark(backlogLimit: 1_000_000, memoryLimit: 80)
        #expect(!mark.observe(load(1_000_000)))
        #expect(mark.sentence(load(1_000_000)) == nil)
        #expect(mark.observe(load(1_000_001)))
        #expect(mark.reason == .backlog)
        #expect(mark.sentence(load(2 << 20))?.contains("2 MB of the journal") == true)
        #expect(!mark.observe(load(950_000)), "between the marks nothing changes")
        #expect(mark.reason == .backlog)
        #expect(mark.observe(load(900_000)))
        #expect(mark.reason == nil)
        #expect(!mark.observe(load(950_000)))
        #expect(mark.reason == nil)
    }

    @Test("above the share of maxmemory, and below nine tenths of that again")
    func memory() {
        let mark = Mark(backlogLimit: 1_000_000, memoryLimit: 80)
        #expect(!mark.observe(load(used: 800, of: 1000)))
        #expect(mark.observe(load(used: 801, of: 1000)))
        #expect(mark.sentence(load(used: 801, of: 1000))?.contains("more than 80 %") == true)
        #expect(!mark.observe(load(used: 721, of: 1000)))
        #expect(mark.reason == .memory)
        #expect(mark.observe(load(used: 720, of: 1000)))
    }

    @Test("without maxmemory only the backlog counts")
    func noLimit() {
        let mark = Mark(backlogLimit: 1000, memoryLimit: 10)
        #expect(!mark.observe(load(used: .max / 200)))
        #expect(mark.reason == nil)
    }

    @Test("one reason may follow the other without a gap in between")
    func bothReasons() {
        let mark = Mark(backlogLimit: 1000, memoryLimit: 50)
        #expect(mark.observe(load(2000, used: 10, of: 100)))
        #expect(!mark.observe(load(0, used: 60, of: 100)))
        #expect(mark.reason == .memory)
        #expect(mark.observe(load(0, used: 10, of: 100)))
    }
}
