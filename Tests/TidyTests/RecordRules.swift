/// Records outlive everything: no statement of ours deletes a row, and no key of a sale ends by itself.
enum RecordRules {
    /// A wrong count is reported; deleting rows would only hide it.
    static let deletions = ["delete from", "truncate table", "drop table", "on delete cascade", "truncate attempts"]

    static func deletions(_ file: SourceFile) -> [Offence] {
        guard file.isSource else { return [] }
        return file.lines.enumerated().flatMap { index, line in
            deletions.filter { line.lowercased().contains($0) }
                .map { file.offence(index, "\($0): records are never deleted") }
        }
    }

    /// A counter with a time to live could end before its sale.
    static let mortal = ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "SETEX", "PSETEX", "GETEX"]
    /// A sale that is over and whose other keys are removed leaves its hash for a month; nothing counts with it.
    static let endOfASale = "Sources/FlashSaleKit/Redis/scripts/remove.lua"

    static func mortalKeys(_ file: SourceFile) -> [Offence] {
        guard file.isSource, file.path != endOfASale else { return [] }
        return file.lines.indices.flatMap { index in
            mortal.filter { SentCommands.isSent($0, by: file, at: index) }
                .map { file.offence(index, "\($0): keys of a sale have no time to live") }
        }
    }
}
