//! A row inside a file that keeps its remarks and its order.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A list of words.
pub(super) fn list(words: &[String]) -> Value {
    Value::Array(words.iter().map(String::as_str).collect::<Array>())
}

/// Every value but these.
pub(super) fn not(words: &[String]) -> Value {
    let mut table = InlineTable::new();
    table.insert("not", list(words));
    Value::InlineTable(table)
}

/// The rows that a row stands among, and where it stands.
pub(super) fn find<'a>(
    file: &'a mut DocumentMut,
    id: &str,
) -> Option<(&'a mut ArrayOfTables, usize)> {
    let rules = file.get_mut("rule")?.as_array_of_tables_mut()?;
    rules.iter_mut().find_map(|rule| {
        let rows = rule.get_mut("row")?.as_array_of_tables_mut()?;
        let at = rows.iter().position(|row| row.get("id").and_then(Item::as_str) == Some(id))?;
        Some((rows, at))
    })
}

/// A copy of a row that goes last of its rule. The remark above the row stays with the row.
pub(super) fn copied(row: &Table, id: &str) -> Table {
    let mut copy = row.clone();
    let above = copy.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let indent = above.rsplit('\n').next().unwrap_or_default().to_owned();
    copy.decor_mut().set_prefix(format!("\n{indent}"));
    unplaced(&mut copy);
    put(&mut copy, "id", Value::from(id));
    copy
}

/// Forgets where the tables stood, so that they stand where they are put.
fn unplaced(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        if let Some(inner) = item.as_table_mut() {
            unplaced(inner);
        }
    }
}

/// Puts a value under a key; what stood around the old one stays.
pub(super) fn put(table: &mut dyn TableLike, key: &str, value: Value) {
    let mut value = value;
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
        if let Some(item) = table.get_mut(key) {
            *item = Item::Value(value);
        }
        return;
    }
    let indent = indent(table);
    table.insert(key, Item::Value(value));
    if let (Some(mut key), Some(indent)) = (table.key_mut(key), indent) {
        key.leaf_decor_mut().set_prefix(indent);
    }
}

/// Puts a value under a key of a table inside the row, such as `when.purpose`.
pub(super) fn put_in(row: &mut Table, outer: &str, key: &str, value: Value) {
    let indent = indent(row);
    let missing = !row.contains_key(outer);
    if missing {
        let mut inner = Table::new();
        inner.set_dotted(true);
        row.insert(outer, Item::Table(inner));
    }
    let Some(item) = row.get_mut(outer) else { return };
    if let Some(table) = item.as_table_like_mut() {
        put(table, key, value);
        if let (true, Some(mut key), Some(indent)) = (missing, table.key_mut(key), indent) {
            key.leaf_decor_mut().set_prefix(indent);
        }
    }
    if let Some(inline) = item.as_inline_table_mut() {
        inline.fmt();
    }
}

/// What stands before the keys of a table: the white space only, no remark.
fn indent(table: &dyn TableLike) -> Option<String> {
    let first = table.iter().find(|(_, item)| item.is_value()).map(|(key, _)| key.to_owned())?;
    let prefix = table.key(&first)?.leaf_decor().prefix()?.as_str()?.to_owned();
    Some(prefix.rsplit('\n').next().unwrap_or_default().to_owned())
}

/// Takes a key away; of a table inside the row too, which goes with its last key.
pub(super) fn take(row: &mut Table, outer: Option<&str>, key: &str) -> bool {
    let Some(outer) = outer else { return row.remove(key).is_some() };
    let Some(inner) = row.get_mut(outer).and_then(Item::as_table_like_mut) else { return false };
    let taken = inner.remove(key).is_some();
    if inner.is_empty() {
        row.remove(outer);
    }
    taken
}

/// What a row says under a key, or under a key of a table inside it.
pub(super) fn said(row: &Table, outer: Option<&str>, key: &str) -> Option<String> {
    let item = match outer {
        None => row.get(key)?,
        Some(outer) => row.get(outer)?.as_table_like()?.get(key)?,
    };
    Some(item.to_string().trim().to_owned())
}
