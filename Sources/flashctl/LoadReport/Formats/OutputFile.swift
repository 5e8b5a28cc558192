import Foundation

/// Files that a load test writes beside its standard output. They are begun before the load: an hour of load must not
/// end in a folder that does not exist.
enum OutputFile {
    /// Makes or empties a file.
    ///
    /// - Throws: ``CommandFailure`` when the system refuses, with the option that named it.
    static func begin(_ path: String, option: String) throws(CommandFailure) -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path, option: option, reason: String(cString: strerror(errno))) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    static func failure(_ path: String, option: String, _ error: any Error) -> CommandFailure {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        let reason = underlying.map { String(cString: strerror(Int32($0.code))) }
        return failure(path, option: option, reason: reason ?? "the system refused")
    }

    private static func failure(_ path: String, option: String, reason: String) -> CommandFailure {
        CommandFailure(
            .failure,
            "cannot write \(option) \(DisplayWidth.harmless(path)): \(reason)",
            nextStep: "give a file in a folder that exists and has room"
        )
    }
}
