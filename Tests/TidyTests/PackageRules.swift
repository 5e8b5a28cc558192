/// What the manifest and the Makefile promise about builds.
enum PackageRules {
    private static let strict = ".treatAllWarnings(as: .error)"

    /// Targets with Swift code that leave out the common settings, or settings that let warnings pass.
    static func looseTargets(_ package: SourceFile) -> [Offence] {
        var offences: [Offence] = []
        if !package.code.contains(where: { $0.contains(strict) }) {
            offences.append(package.offence(0, "the settings lack \(strict)"))
        }
        let starts = package.code.indices.filter { index in
            [".target(", ".executableTarget(", ".testTarget("].contains { package.code[index].contains($0) }
        }
        for (place, start) in starts.enumerated() {
            let end = place + 1 < starts.count ? starts[place + 1] : package.code.count
            if !package.code[start..<end].contains(where: { $0.contains("swiftSettings: swiftSettings") }) {
                offences.append(package.offence(start, "a target without the common settings"))
            }
        }
        return offences
    }

    /// `-Ounchecked` removes the assertions that stay on in production. Comments may name it.
    static func uncheckedBuilds(_ files: [SourceFile]) -> [Offence] {
        files.filter { ["Package.swift", "Makefile", "Dockerfile"].contains($0.path) }.flatMap { file in
            file.lines.indices.filter { index in
                let line = file.lines[index].drop { $0 == " " }
                return line.contains("-Ounchecked") && !line.hasPrefix("//") && !line.hasPrefix("#")
            }
            .map { file.offence($0, "-Ounchecked removes assertions") }
        }
    }
}
