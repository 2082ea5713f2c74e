//! `instance-registry migrate`.

use ferrule_testkit::{Postgres, Process, binary};

#[test]
fn a_database_is_brought_up_to_date_with_nothing_but_its_url() {
    let cluster = Postgres::shared();
    let url = cluster.fresh_database();
    // Again is as good as once.
    for _ in 0..2 {
        let environment = [("FERRULE_DATABASE_URL", url.as_str())];
        let mut migrating = Process::spawn_with(&binary("instance-registry"), &["migrate"], &environment);
        let ended = migrating.wait();
        assert!(ended.success(), "{}", migrating.stderr());
    }
    assert_eq!(cluster.query(&url, "SELECT COUNT(*) FROM instances"), "0\n");
}

#[test]
fn without_a_database_it_fails_in_one_line() {
    for (environment, code) in [
        (&[][..], 2),
        (
            &[("FERRULE_DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/d")],
            1,
        ),
    ] {
        let mut migrating = Process::spawn_with(&binary("instance-registry"), &["migrate"], environment);
        assert_eq!(migrating.wait().code(), Some(code));
        let told = migrating.stderr();
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
