//! The threads of a pool at work on tasks, while the caller plays on.
//!
//! Tasks are taken in the order in which they were handed over. The caller's thread, where it is
//! one of the pool's, takes part when it has nothing better to do: when it needs a result that is
//! not there yet.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use rayon::{ThreadPool, Yield};

use super::sums::Sums;
use super::{Done, Task, Wards};

/// How often a thread looks for news before it goes to sleep: for about as long as it would take to
/// be woken.
const LOOKS: usize = 200;

/// Tasks on their way through the threads of a pool.
pub(crate) struct Crew<'a> {
    wards: &'a dyn Wards,
    /// Threads that can help the caller.
    helpers: usize,
    /// Whether the caller's thread is one of the pool's.
    takes_part: bool,
    /// Of each thread of the pool, whether it is at work here, or is the caller's own.
    on_duty: Vec<AtomicBool>,
    /// What each of them adds up; `None` where the coordinator must see each update.
    sums: Option<Sums>,
    tasks: Mutex<Tasks>,
    /// Whether a task waits.
    waiting: AtomicBool,
    /// Whether something is done that the caller has not taken.
    done: AtomicBool,
    /// Whether a helper's task has panicked.
    broken: AtomicBool,
    /// Told to a caller that sleeps.
    news: Condvar,
}

#[derive(Default)]
struct Tasks {
    waiting: VecDeque<Task>,
    done: Vec<Done>,
    /// Helpers that were called and have not left.
    helping: usize,
    caller_sleeps: bool,
    /// Processor time of helpers that have left.
    cpu: Duration,
}

/// How the caller's own thread spends its time. To ask for processor time costs a tenth of a small
/// task, so that is done once, and the wall clock tells which share of it went into tasks.
pub(super) struct Shift {
    began: Instant,
    cpu: ThreadTime,
    at_work: Duration,
    waited: Duration,
}

impl Shift {
    pub(super) fn start() -> Self {
        Self {
            began: Instant::now(),
            cpu: ThreadTime::now(),
            at_work: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    /// Processor time of the tasks that the caller carried out.
    pub(super) fn cpu(&self) -> Duration {
        let awake = self.began.elapsed().saturating_sub(self.waited);
        let share = self.at_work.as_secs_f64() / awake.as_secs_f64().max(f64::MIN_POSITIVE);
        self.cpu.elapsed().mul_f64(share.min(1.0))
    }
}

impl<'a> Crew<'a> {
    /// The threads of `pool`, as seen by the caller, at work in `wards`. Where only the sum of the
    /// uploads is needed, they add up themselves; `sums` is how many numbers an upload has.
    pub(crate) fn new(wards: &'a dyn Wards, pool: &ThreadPool, sums: Option<usize>) -> Self {
        let caller = pool.current_thread_index();
        let takes_part = caller.is_some();
        let threads = pool.current_num_threads();
        Self {
            wards,
            helpers: threads - usize::from(takes_part),
            takes_part,
            on_duty: (0..threads)
                .map(|index| AtomicBool::new(caller == Some(index)))
                .collect(),
            sums: sums.map(|len| Sums::new(threads, len)),
            tasks: Mutex::default(),
            waiting: AtomicBool::new(false),
            done: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            news: Condvar::new(),
        }
    }

    /// Hands a task over, behind the others or before them; whether a helper is to be called.
    pub(super) fn hand_over(&self, task: Task, first: bool) -> bool {
        let mut tasks = self.lock();
        if first {
            tasks.waiting.push_front(task);
        } else {
            tasks.waiting.push_back(task);
        }
        self.waiting.store(true, Ordering::Release);
        let called = tasks.helping < self.helpers;
        tasks.helping += usize::from(called);
        called
    }

    /// What a helper does that was called: works, and looks out for more before it leaves.
    pub(crate) fn help(&self) {
        let duty = rayon::current_thread_index().and_then(|index| self.on_duty.get(index));
        match duty {
            Some(duty) if !duty.swap(true, Ordering::AcqRel) => {
                let _leaving = Leaving(self, duty);
                while !self.leave_if_idle() {
                    self.work();
                    self.look_out();
                }
            }
            // A thread that looks out may find a call for one more helper.
            _ => self.lock().leave(&self.news),
        }
    }

    fn work(&self) {
        let began = ThreadTime::now();
        while let Some(task) = self.next() {
            self.finish(task.carry_out(self.wards, self.sums.as_ref()));
        }
        self.lock().cpu += began.elapsed();
    }

    /// Waits for a task, and carries out meanwhile what else the pool has to do.
    fn look_out(&self) {
        for _ in 0..LOOKS {
            if self.waiting.load(Ordering::Acquire) {
                return;
            }
            if rayon::yield_now() != Some(Yield::Executed) {
                std::thread::yield_now();
            }
        }
    }

    fn leave_if_idle(&self) -> bool {
        let mut tasks = self.lock();
        let idle = tasks.waiting.is_empty();
        if idle {
            tasks.leave(&self.news);
        }
        idle
    }

    fn next(&self) -> Option<Task> {
        let mut tasks = self.lock();
        let task = tasks.waiting.pop_front();
        self.waiting
            .store(!tasks.waiting.is_empty(), Ordering::Release);
        task
    }

    fn finish(&self, done: Done) {
        let mut tasks = self.lock();
        tasks.done.push(done);
        self.done.store(true, Ordering::Release);
        if tasks.caller_sleeps {
            self.news.notify_one();
        }
    }

    /// Moves everything that is done to `into`, which is empty.
    pub(super) fn collect(&self, into: &mut Vec<Done>) {
        if self.done.load(Ordering::Acquire) {
            let mut tasks = self.lock();
            std::mem::swap(&mut tasks.done, into);
            self.done.store(false, Ordering::Release);
        }
    }

    /// Carries a task out where the caller takes part and one waits; else waits until one is done.
    /// `false` where there is none. Panics where a helper did.
    pub(super) fn advance(&self, shift: &mut Shift) -> bool {
        let waiting = match self.takes_part {
            true => self.next(),
            false => None,
        };
        let began = Instant::now();
        if let Some(task) = waiting {
            let done = task.carry_out(self.wards, self.sums.as_ref());
            shift.at_work += began.elapsed();
            self.finish(done);
            return true;
        }
        let any = self.wait();
        shift.waited += began.elapsed();
        // What it was to bring will never come: the run must not go on as if a hospital were silent.
        let broken = self.broken.load(Ordering::Acquire);
        assert!(!broken, "a hospital's work panicked on another thread");
        any
    }

    fn wait(&self) -> bool {
        for _ in 0..LOOKS {
            if self.done.load(Ordering::Acquire) {
                return true;
            }
            std::thread::yield_now();
        }
        let mut tasks = self.lock();
        tasks.caller_sleeps = true;
        while tasks.done.is_empty() && tasks.helping > 0 {
            tasks = self
                .news
                .wait(tasks)
                .unwrap_or_else(PoisonError::into_inner);
        }
        tasks.caller_sleeps = false;
        !tasks.done.is_empty()
    }

    /// Processor time of all helpers that have left.
    pub(crate) fn cpu(&self) -> Duration {
        self.lock().cpu
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        // Held for a push or a pop, which leave nothing half done.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tasks {
    fn leave(&mut self, news: &Condvar) {
        self.helping -= 1;
        if self.caller_sleeps {
            news.notify_one();
        }
    }
}

/// Ends a helper's duty. One whose task panics has left too, or the caller would wait for it; the pool
/// hands the panic on.
struct Leaving<'a>(&'a Crew<'a>, &'a AtomicBool);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let Self(crew, duty) = self;
        duty.store(false, Ordering::Release);
        if std::thread::panicking() {
            crew.broken.store(true, Ordering::Release);
            crew.lock().leave(&crew.news);
        }
    }
}
