import Collections
import Glibc

/// Runs the jobs of one actor on one thread of its own, which may therefore block in `poll(2)` without taking a thread
/// from everybody else. How many jobs can wait is limited by the actor, which refuses calls before they come here.
// Sendable: the queue and the flag are only touched under the mutex.
final class PostgresExecutor: SerialExecutor, @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: Deque<UnownedJob> = []
    private var stopped = false

    /// Starts the thread.
    /// - Throws: `.connectFailed` when the system has no thread left.
    init() throws(PostgresError) {
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        let status = PostgresThread.start { [self] in run() }
        if status != 0 {
            throw PostgresError(
                .connectFailed,
                "no thread can be started for a Postgres connection: errno \(status)",
                nextStep: "raise the limit of processes (ulimit -u)"
            )
        }
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(changed)
        pthread_mutex_unlock(mutex)
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Ends the thread once the queue is empty.
    func stop() {
        pthread_mutex_lock(mutex)
        stopped = true
        pthread_cond_signal(changed)
        pthread_mutex_unlock(mutex)
    }

    private func run() {
        while let job = next() {
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }

    private func next() -> UnownedJob? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, !stopped {
            pthread_cond_wait(changed, mutex)
        }
        return jobs.popFirst()
    }
}

/// A thread that nobody waits for.
enum PostgresThread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Returns 0, or the errno of `pthread_create(3)`.
    static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            },
            work.toOpaque()
        )
        if status == 0 {
            pthread_detach(thread)
        } else {
            work.release()
        }
        return status
    }
}
