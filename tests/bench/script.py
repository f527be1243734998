"""The same work by a script of Python's standard library: script.py DATABASE FOLDER

Reads every mail of a folder, takes the TLS report out of it and stores it, each once, with
its policies, failure details and the original.  What `make bench` compares the importer with.
"""
import email, gzip, io, json, os, sqlite3, sys, zipfile

database = sqlite3.connect(sys.argv[1])
database.executescript("""
PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS report(id INTEGER PRIMARY KEY, organization, report_id, domain, first,
    last, contact, path, original, UNIQUE(organization, report_id, domain));
CREATE TABLE IF NOT EXISTS policy(report, n, type, domain, text, mx, successful, failed);
CREATE TABLE IF NOT EXISTS failure(report, n, type, sender, mx, helo, ip, failed, code, info);""")


def unpack(content):
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        return archive.read(archive.namelist()[0])
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def store(report, mail, path, original):
    days = report["date-range"]
    row = database.execute("INSERT OR IGNORE INTO report VALUES(NULL,?,?,?,?,?,?,?,?)", (
        report.get("organization-name"), report["report-id"], str(mail["TLS-Report-Domain"]),
        days["start-datetime"], days["end-datetime"], report.get("contact-info"), path, original))
    for n, item in enumerate(report["policies"] if row.rowcount else ()):
        policy, summary = item["policy"], item["summary"]
        database.execute("INSERT INTO policy VALUES(?,?,?,?,?,?,?,?)", (
            row.lastrowid, n, policy["policy-type"], policy.get("policy-domain"),
            "\n".join(policy.get("policy-string") or ()), " ".join(policy.get("mx-host") or ()),
            summary["total-successful-session-count"], summary["total-failure-session-count"]))
        database.executemany("INSERT INTO failure VALUES(?,?,?,?,?,?,?,?,?,?)", [(
            row.lastrowid, n, failure["result-type"], failure.get("sending-mta-ip"),
            failure.get("receiving-mx-hostname"), failure.get("receiving-mx-helo"),
            failure.get("receiving-ip"), failure["failed-session-count"],
            failure.get("failure-reason-code"), failure.get("additional-information"))
            for failure in item.get("failure-details") or ()])


for number, entry in enumerate(sorted(os.scandir(sys.argv[2]), key=lambda entry: entry.name)):
    with open(entry.path, "rb") as file:
        mail = email.message_from_binary_file(file)
    for part in mail.walk():
        if part.get_content_maintype() == "application":
            content = part.get_payload(decode=True)
            store(json.loads(unpack(content)), mail, entry.path, content)
    if number % 1000 == 999:
        database.commit()
database.commit()
