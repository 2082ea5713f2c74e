//! Handshakes, from the claim on: claim, release, finish.

use std::sync::atomic::{AtomicBool, Ordering};

use ferrule_model::Digest;

use super::handshakes::{HandshakeKey, Handshakes, count};
use super::record::{AuthorizationRequest, Callback, Denial, Form, Stage};
use super::sealed::{Decision, RecordError};
use super::store::Ttl;

/// What a token request is made from.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// What was agreed when the URL was handed out.
    pub request: AuthorizationRequest,
    /// What the vendor sent back.
    pub callback: Callback,
}

/// What became of a claim. Only `Claimed` changed anything.
#[derive(Debug)]
pub enum Claim<R> {
    /// It is this exchange's, now or since an earlier call of it that has not finished. Whose the token request
    /// is to send, the exchange's mark decides.
    Claimed(Box<Claimed>),
    /// An earlier call of the same exchange finished: its answer lies under its mark.
    Done,
    /// Another exchange has it, with another code.
    Spent,
    /// No code came yet.
    Pending,
    /// The user or the vendor said no.
    Denied(Denial),
    /// The caller's check refused it.
    Refused(R),
    /// It came too late.
    Expired,
    /// There is no such handshake.
    Unknown,
}

impl Handshakes {
    /// Takes the handshake for the exchange `by`, once. On the caller's own callback, `callback` brings the
    /// code, attached and claimed in one step; on the hosted form it is not looked at. `check` sees what was
    /// agreed before anything else is answered.
    pub async fn claim<R>(
        &self,
        key: &HandshakeKey,
        by: Digest,
        callback: Option<&Callback>,
        check: impl Fn(&AuthorizationRequest) -> Result<(), R>,
    ) -> Result<Claim<R>, RecordError> {
        let now = self.records.clock().now();
        let anew = AtomicBool::new(false);
        let answer = self.update(key, Claim::Unknown, |handshake| {
            anew.store(false, Ordering::Relaxed);
            let request = &handshake.request;
            if let Err(refusal) = check(request) {
                return Decision::Keep(Claim::Refused(refusal));
            }
            let claimed = |callback: &Callback| {
                Box::new(Claimed {
                    request: request.clone(),
                    callback: callback.clone(),
                })
            };
            let brought = match (&handshake.stage, &request.form) {
                (
                    Stage::Claimed {
                        by: earlier,
                        callback,
                        ..
                    },
                    _,
                ) if *earlier == by => return Decision::Keep(Claim::Claimed(claimed(callback))),
                (Stage::Done { by: earlier, .. }, _) if *earlier == by => return Decision::Keep(Claim::Done),
                (Stage::Claimed { .. } | Stage::Done { .. }, _) => return Decision::Keep(Claim::Spent),
                (Stage::Denied(denial), _) => return Decision::Keep(Claim::Denied(denial.clone())),
                _ if handshake.is_expired(now) => return Decision::Keep(Claim::Expired),
                (Stage::Attached { callback, .. }, Form::Hosted { .. }) => Some(callback),
                (Stage::Pending, Form::Hosted { .. }) => None,
                (Stage::Pending | Stage::Attached { .. }, Form::OwnCallback) => callback,
            };
            let Some(callback) = brought else {
                return Decision::Keep(Claim::Pending);
            };
            let stage = Stage::Claimed {
                by,
                callback: callback.clone(),
                at: now,
            };
            anew.store(true, Ordering::Relaxed);
            Decision::Write(handshake.at(stage), Ttl::Keep, Claim::Claimed(claimed(callback)))
        });
        let answer = answer.await?;
        if anew.into_inner() {
            count("claimed");
        }
        Ok(answer)
    }

    /// Gives back a handshake whose token request never left: attached again. `false`: it is not claimed by
    /// this exchange.
    pub async fn release(&self, key: &HandshakeKey, by: Digest) -> Result<bool, RecordError> {
        let now = self.records.clock().now();
        self.update(key, false, |handshake| match &handshake.stage {
            Stage::Claimed {
                by: holder, callback, ..
            } if *holder == by => {
                let stage = Stage::Attached {
                    callback: callback.clone(),
                    at: now,
                };
                Decision::Write(handshake.at(stage), Ttl::Keep, true)
            }
            _ => Decision::Keep(false),
        })
        .await
    }

    /// The exchange has its answer, which lies under its mark: client secret, code verifier and code are
    /// erased here. It need not be claimed any more: a call of this exchange that claimed it before another gave
    /// it back may have sent the request. `false`: another exchange has it, or a newer one stands under the same
    /// key.
    pub async fn finish(&self, key: &HandshakeKey, by: Digest) -> Result<bool, RecordError> {
        let now = self.records.clock().now();
        self.update(key, false, |handshake| match &handshake.stage {
            Stage::Attached { .. } => Decision::Write(handshake.done(by, now), Ttl::Keep, true),
            Stage::Claimed { by: holder, .. } if *holder == by => {
                Decision::Write(handshake.done(by, now), Ttl::Keep, true)
            }
            Stage::Done { by: holder, .. } => Decision::Keep(*holder == by),
            _ => Decision::Keep(false),
        })
        .await
    }
}
