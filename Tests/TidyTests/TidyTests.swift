import Testing

/// The conventions, held on every file of the repository. Each test lists all offenders as `path:line: rule`.
@Suite("The repository is tidy")
struct TidyTests {
    let repository: Repository
    let files: [SourceFile]

    init() throws {
        repository = try Repository.here.get()
        files = repository.files
    }

    @Test("The scan sees the repository")
    func seesRepository() {
        #expect(repository.swift.contains { $0.path == "Package.swift" })
        #expect(repository.swift.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
        #expect(repository.swift.count(where: \.isSource) > 20)
        #expect(!files.contains { $0.path.hasPrefix(".build") || $0.path.hasPrefix(".git/") })
    }

    @Test("Files have at most 400 lines, half of them at most 150")
    func fileLengths() {
        expectNone(LengthRules.longFiles(files))
        #expect(LengthRules.median(files) <= LengthRules.medianFile)
    }

    @Test("Functions have at most 70 lines")
    func functionLengths() { expectNone(files.flatMap(LengthRules.longFunctions)) }

    @Test("Lines have at most 120 columns")
    func lineLengths() { expectNone(files.flatMap(LengthRules.longLines)) }

    @Test("There are at least 0.75 lines of tests for a line of source")
    func testRatio() {
        let ratio = LengthRules.testRatio(files)
        #expect(ratio >= LengthRules.testsPerSource, "\(ratio)")
    }

    @Test("No test has a limit that a slow machine meets")
    func patience() { expectNone(files.flatMap(PatienceRules.limits)) }

    @Test("No banned construct, no skipped test")
    func bannedConstructs() { expectNone(files.flatMap(BannedRules.constructs)) }

    @Test("No open ends in comments")
    func openEnds() { expectNone(files.flatMap(BannedRules.openEnds)) }

    @Test("No force unwrap outside of tests")
    func forceUnwraps() { expectNone(files.flatMap(BannedRules.forceUnwraps)) }

    @Test("C modules are imported by their wrappers only")
    func foreignC() { expectNone(files.flatMap(ImportRules.foreignC)) }

    @Test("The hot path knows no Foundation and no Codable, and every entry of its list exists")
    func hotPath() {
        expectNone(files.flatMap(ImportRules.slowHotPath))
        let unused = ImportRules.hotPath.filter { pattern in
            let folder = pattern.prefix { $0 != "*" }
            return !files.contains { $0.path.hasPrefix(folder.split(separator: "/").dropLast().joined(separator: "/")) }
        }
        #expect(unused == [])
        #expect(files.count { ImportRules.isHot($0.path) } >= 10)
    }

    @Test("Unchecked concurrency has a reason")
    func reasons() { expectNone(files.flatMap(ReasonRules.missingReasons)) }

    @Test("Migrations and scripts begin right, and the migrations have no gap")
    func embedded() {
        expectNone(files.flatMap(EmbeddedRules.beginnings))
        expectNone(EmbeddedRules.migrationNames(files))
        #expect(files.contains { $0.path.hasPrefix(EmbeddedRules.migrations) })
        #expect(files.contains { $0.path.hasPrefix(EmbeddedRules.scripts) })
    }

    @Test("No text stands for a user")
    func textualUsers() { expectNone(files.flatMap(IdentityRules.textualUsers)) }

    @Test("No command that blocks a serving Redis")
    func slowCommands() { expectNone(files.flatMap { EmbeddedRules.slowCommands($0) }) }

    @Test("Every file has its place")
    func layout() {
        expectNone(LayoutRules.misplaced(files.map(\.path)))
        expectNone(LayoutRules.fatShims(files))
        expectNone(files.flatMap(LayoutRules.crowdedCommands))
    }

    @Test("Who asks what a checkout does can follow the file names")
    func walk() { #expect(LayoutRules.brokenWalk(files.map(\.path)) == []) }

    @Test("No path of one machine")
    func machinePaths() { expectNone(files.flatMap { LayoutRules.machinePaths($0) }) }

    @Test("Every target treats warnings as errors, and assertions stay on")
    func package() throws {
        let package = try #require(files.first { $0.path == "Package.swift" })
        expectNone(PackageRules.looseTargets(package))
        expectNone(PackageRules.uncheckedBuilds(files))
    }

    private func expectNone(_ offences: [Offence], sourceLocation: SourceLocation = #_sourceLocation) {
        let list = offences.sorted().map(\.description).joined(separator: "\n")
        #expect(offences.isEmpty, "\(offences.count) offences:\n\(list)", sourceLocation: sourceLocation)
    }
}
