-- Of what many documents hold only the newest are ranked: here they are found without reading the others.
create index search_docs_newest on search_docs (workspace_id, id);
