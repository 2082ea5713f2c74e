//! Columns as types: a value that does not fit is an error, never a guess.

use ferrule_model::{ConnectorKey, Digest};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row as _, Type};

use super::{Sealed, StoreError};

/// One row of one table.
pub(super) struct Columns<'r> {
    table: &'static str,
    row: &'r AnyRow,
}

impl<'r> Columns<'r> {
    pub(super) fn new(table: &'static str, row: &'r AnyRow) -> Self {
        Self { table, row }
    }

    pub(super) fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Any> + Type<Any>,
    {
        self.row
            .try_get(column)
            .map_err(|_| self.bad(column, "is missing, NULL or of another type"))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.as_time(column, self.get(column)?)
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.get::<Option<i64>>(column)?
            .map(|micros| self.as_time(column, micros))
            .transpose()
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.get::<i64>(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.bad(column, "is neither 0 nor 1")),
        }
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(self.get(column)?)
            .map_err(|_| self.bad(column, "is not the JSON expected there"))
    }

    pub(super) fn digest(&self, column: &'static str) -> Result<Digest, StoreError> {
        Digest::from_hex(self.get(column)?).ok_or_else(|| self.bad(column, "is no SHA-256 digest"))
    }

    pub(super) fn optional_digest(&self, column: &'static str) -> Result<Option<Digest>, StoreError> {
        match self.get::<Option<String>>(column)? {
            None => Ok(None),
            Some(_) => self.digest(column).map(Some),
        }
    }

    pub(super) fn connector_key(&self, column: &'static str) -> Result<ConnectorKey, StoreError> {
        self.get::<String>(column)?
            .parse()
            .map_err(|_| self.bad(column, "is no connector key"))
    }

    pub(super) fn sealed(&self, column: &'static str) -> Result<Sealed, StoreError> {
        self.get::<String>(column).map(Sealed::new)
    }

    pub(super) fn optional_sealed(&self, column: &'static str) -> Result<Option<Sealed>, StoreError> {
        Ok(self.get::<Option<String>>(column)?.map(Sealed::new))
    }

    fn as_time(&self, column: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
        Timestamp::from_microsecond(micros).map_err(|_| self.bad(column, "is no time"))
    }

    pub(super) fn bad(&self, column: &'static str, reason: &'static str) -> StoreError {
        StoreError::BadRow {
            table: self.table,
            column,
            reason,
        }
    }
}
