import Testing

@Suite("The guarantees that are broken on purpose")
struct MutantTests {
    private func list(_ text: String) -> MutantList { MutantList(SourceFile(path: MutantList.path, text: text)) }

    @Test("Every mutant still applies, and the tests that kill it exist")
    func applies() throws {
        let repository = try Repository.here.get()
        let file = try #require(repository.files.first { $0.path == MutantList.path })
        let found = MutantList(file)
        let offences = found.offences(repository.files).map(\.description).joined(separator: "\n")
        #expect(offences.isEmpty, "\(offences)")
        #expect(found.mutants.count >= 16)
        #expect(Set(found.mutants.map(\.name)).count == found.mutants.count)
    }

    @Test("A list that has moved on is noticed")
    func movedOn() {
        let source = SourceFile(path: "Sources/a.lua", text: "one\ntwo\nthree\ntwo\n")
        let test = SourceFile(
            path: "Tests/T.swift",
            text: "struct ATests {\n  func `a b`() {}\n  func c(x: Int) {}\n}\n"
        )
        func offences(_ body: String) -> Int { list("# c\n\n== m\nbreaks: g\n" + body).offences([source, test]).count }
        #expect(offences("file: Sources/a.lua\ntest: ATests/a b\ntest: ATests/c\n-one\n-two\n+four\n") == 0)
        #expect(offences("file: Sources/a.lua\ntest: ATests/a b\n-two\n+four\n") == 1, "twice")
        #expect(offences("file: Sources/a.lua\ntest: ATests/a b\n-on\n+four\n") == 1, "not a whole line")
        #expect(offences("file: Sources/b.lua\ntest: ATests/a b\n-one\n+four\n") == 1, "no such file")
        #expect(offences("file: Sources/a.lua\ntest: ATests/a\n-one\n+four\n") == 1, "no such test")
        #expect(offences("file: Sources/a.lua\ntest: BTests/c\n-one\n+four\n") == 1, "no such suite")
        #expect(offences("file: Sources/a.lua\n-one\n+four\n") == 1, "no test")
        #expect(offences("file: Sources/a.lua\ntest: ATests/c\n-one\n+one\n") == 1, "no change")
    }

    @Test("Nothing deletes records, and no key of a sale has a time to live")
    func records() throws {
        let files = try Repository.here.get().files
        let offences = files.flatMap { RecordRules.deletions($0) + RecordRules.mortalKeys($0) }
        #expect(offences == [])
        func source(_ path: String, _ text: String) -> SourceFile { SourceFile(path: path, text: text) }
        #expect(RecordRules.deletions(source("Sources/a.swift", "\"DELETE from attempts\"")).count == 1)
        #expect(RecordRules.deletions(source("Sources/m.sql", "drop table attempts_s1;")).count == 1)
        #expect(RecordRules.deletions(source("Tests/a.swift", "\"delete from attempts\"")) == [])
        #expect(RecordRules.mortalKeys(source("Sources/a.lua", "redis.call('EXPIRE', KEYS[1], 1)")).count == 1)
        #expect(RecordRules.mortalKeys(source("Sources/a.swift", "RedisCommand(\"SETEX\", k)")).count == 1)
        #expect(RecordRules.mortalKeys(source("Sources/a.lua", "redis.call('XADD', KEYS[1])")) == [])
    }
}
