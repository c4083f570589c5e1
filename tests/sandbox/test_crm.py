"""Projects and their policies: search, etags, versions, conditions, members, permissions."""

import copy

import pytest

P = "acme-klaviyo-demo"
V1, V3 = f"/crm/v1/projects/{P}", f"/crm/v3/projects/{P}"
JOB_USER = "roles/bigquery.jobUser"


def read(operator, version=3, base=V3):
    answer = operator.post(base + ":getIamPolicy", {"options": {"requestedPolicyVersion": version}})
    assert answer.status_code == 200, answer.text
    return answer.json()


def write(operator, policy, base=V3):
    return operator.post(base + ":setIamPolicy", {"policy": policy})


def with_binding(policy, role=JOB_USER, member="user:new@acme.example", **more):
    return {**policy, "bindings": [*policy["bindings"], {"role": role, "members": [member], **more}]}


def test_a_project_in_both_versions_of_the_api(operator):
    old, new = operator.get(V1).json(), operator.get(V3).json()
    assert (old["projectId"], new["projectId"]) == (P, P)
    assert new["name"] == f"projects/{old['projectNumber']}"
    assert (old["lifecycleState"], new["state"]) == ("ACTIVE", "ACTIVE")
    assert operator.get(f"/crm/v1/projects/{old['projectNumber']}").json() == old


@pytest.mark.parametrize("base", ["/crm/v1/projects/", "/crm/v3/projects/"])
def test_unknown_and_forbidden_are_told_in_the_same_words(operator, sandbox, base):
    hidden = sandbox.world.projects["acme-analytics"]
    hidden.policy.bindings = []
    unknown, forbidden = operator.get(base + "acme-analyticz").json(), operator.get(base + "acme-analytics").json()
    assert unknown["error"]["code"] == forbidden["error"]["code"] == 403
    assert unknown["error"]["message"].replace("acme-analyticz", "X") == forbidden["error"]["message"].replace(
        "acme-analytics", "X"
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [P, "acme-analytics"]),
        ("state:ACTIVE", [P, "acme-analytics"]),
        ("id:acme-k*", [P]),
        ("projectId:acme-analytics", ["acme-analytics"]),
        ('displayName:"Acme Klaviyo demo"', [P]),
        ("displayName=acme*", [P, "acme-analytics"]),
        ("labels.team:marketing", [P]),
        ("labels.team:sales", []),
        ("klaviyo", [P]),
        ("state:ACTIVE AND id:*analytics", ["acme-analytics"]),
        ("id:*klaviyo* OR displayName:*klaviyo*", [P]),
        ('id:nothing OR displayName:"*Acme analytics*"', ["acme-analytics"]),
    ],
)
def test_search(operator, query, found):
    answer = operator.get("/crm/v3/projects:search", params={"query": query}).json()
    assert [p["projectId"] for p in answer.get("projects", [])] == found
    answer = operator.get("/crm/v1/projects", params={"filter": query}).json()
    assert [p["projectId"] for p in answer.get("projects", [])] == found


def test_fields_side_by_side_are_alternatives_in_v3_and_conditions_in_v1(operator):
    query = "labels.team:marketing id:acme-analytics"
    found = operator.get("/crm/v3/projects:search", params={"query": query}).json()["projects"]
    assert {p["projectId"] for p in found} == {P, "acme-analytics"}
    assert operator.get("/crm/v1/projects", params={"filter": query}).json() == {}


def test_a_field_that_cannot_be_searched_is_refused(operator):
    assert operator.get("/crm/v3/projects:search", params={"query": "colour:red"}).status_code == 400


def test_thousands_of_projects_come_in_pages(start, connect):
    operator = connect(start("large"))
    seen, token, pages = set(), "", 0
    while True:
        page = operator.get("/crm/v3/projects:search", params={"pageSize": 500, "pageToken": token}).json()
        seen |= {p["projectId"] for p in page["projects"]}
        pages += 1
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert (len(seen), pages) == (5000, 10)


@pytest.mark.parametrize("base", [V1, V3])
def test_a_policy_is_written_with_the_etag_that_was_read(operator, base):
    policy = with_binding(read(operator, base=base))
    written = write(operator, policy, base).json()
    assert written["etag"] != policy["etag"]
    assert read(operator, base=base)["bindings"] == written["bindings"]
    again = write(operator, policy, base).json()["error"]
    assert (again["code"], again["status"]) == (409, "ABORTED")
    assert again["message"].startswith("There were concurrent policy changes. Please retry the whole read-modify-write")


def test_without_an_etag_the_last_writer_wins(operator, sandbox):
    policy = read(operator)
    write(operator, with_binding(policy))
    del policy["etag"]
    assert write(operator, policy).status_code == 200
    assert JOB_USER not in {b["role"] for b in read(operator)["bindings"]}


def test_bindings_of_one_role_are_merged_and_empty_ones_dropped(operator):
    policy = with_binding(with_binding(read(operator)), member="user:two@acme.example")
    policy["bindings"].append({"role": "roles/browser", "members": []})
    written = write(operator, policy).json()["bindings"]
    assert {"role": JOB_USER, "members": ["user:new@acme.example", "user:two@acme.example"]} in written
    assert "roles/browser" not in {b["role"] for b in written}


def test_conditions_are_seen_in_version_3_only(operator):
    conditional = [b for b in read(operator)["bindings"] if "condition" in b]
    assert [b["role"] for b in conditional] == ["roles/bigquery.dataViewer"]
    old = read(operator, version=1)
    assert old["version"] == 1
    assert not any("condition" in b for b in old["bindings"])
    assert any(b["role"].startswith("roles/bigquery.dataViewer_withcond_") for b in old["bindings"])
    refused = write(operator, {**old, "version": 3}).json()["error"]["message"]
    assert refused.startswith("Role roles/bigquery.dataViewer_withcond_")


def test_a_conditional_policy_cannot_be_written_as_version_1(operator):
    error = write(operator, {**read(operator), "version": 1}).json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert "Specified policy version (1) cannot be less than the existing policy version (3)" in error["message"]


def test_the_same_role_with_and_without_a_condition_stays_apart(operator):
    policy = with_binding(read(operator), role="roles/bigquery.dataViewer")
    written = [b for b in write(operator, policy).json()["bindings"] if b["role"] == "roles/bigquery.dataViewer"]
    assert sorted("condition" in b for b in written) == [False, True]


FOREIGN = {
    "etag": "BwAAAAAAAAE=",
    "bindings": [
        {"role": "roles/compute.serviceAgent",
         "members": ["serviceAccount:service-700000001001@compute-system.iam.gserviceaccount.com"]},
        {"role": f"projects/{P}/roles/removedSince", "members": ["user:a@acme.example"]},
        {"role": "organizations/500000000001/roles/auditor", "members": ["principalSet://x/y"], "bindingId": "b-1"},
        {"role": "roles/viewer", "members": ["serviceAccount:gone@elsewhere-project.iam.gserviceaccount.com"]},
    ],
    "auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}],
    "aFieldOfTomorrow": {"deny": True},
}  # fmt: skip


@pytest.mark.not_google("the policy has fields that Google may add one day")
def test_what_others_have_put_into_a_policy_comes_back_as_it_was(operator, sandbox):
    project = sandbox.world.projects[P]
    project.policy.bindings += copy.deepcopy(FOREIGN["bindings"])
    project.policy.extra = {k: copy.deepcopy(v) for k, v in FOREIGN.items() if k not in ("etag", "bindings")}
    before = read(operator)
    assert write(operator, with_binding(before, "roles/bigquery.jobUser", "user:b@acme.example")).status_code == 200
    after = read(operator)
    assert after["bindings"][: len(before["bindings"])] == before["bindings"]
    assert {k: v for k, v in after.items() if k not in ("etag", "bindings")} == {
        k: v for k, v in before.items() if k not in ("etag", "bindings")
    }
    assert {k: after[k] for k in ("auditConfigs", "aFieldOfTomorrow")} == {
        k: FOREIGN[k] for k in after if k in FOREIGN and k not in ("etag", "bindings")
    }


def test_audit_configs_are_written_only_where_the_mask_names_them(operator):
    audit = {"auditConfigs": FOREIGN["auditConfigs"]}
    assert "auditConfigs" not in write(operator, {**read(operator), **audit}).json()
    body = {"policy": {**read(operator), **audit}, "updateMask": "auditConfigs,etag"}
    assert operator.post(V3 + ":setIamPolicy", body).json()["auditConfigs"] == audit["auditConfigs"]
    assert read(operator)["auditConfigs"] == audit["auditConfigs"]


@pytest.mark.parametrize(
    ("role", "member"),
    [
        ("roles/storage.objectViewer", "user:a@acme.example"),
        (f"projects/{P}/roles/ourOwn", "user:a@acme.example"),
        ("organizations/500000000001/roles/auditor", "user:a@acme.example"),
        ("roles/bigquerydatatransfer.serviceAgent",
         "serviceAccount:service-700000001001@gcp-sa-bigquerydatatransfer.iam.gserviceaccount.com"),
        ("roles/editor", "serviceAccount:700000001001-compute@developer.gserviceaccount.com"),
        ("roles/editor", "serviceAccount:700000001001@cloudservices.gserviceaccount.com"),
    ],
)  # fmt: skip
def test_roles_and_agents_that_the_sandbox_does_not_serve_are_granted_all_the_same(operator, sandbox, role, member):
    sandbox.world.projects[P].roles["ourOwn"] = frozenset({"bigquery.jobs.create"})
    answer = write(operator, with_binding(read(operator), role, member))
    assert answer.status_code == 200, answer.text
    assert (role, member) in sandbox.world.projects[P].policy.pairs()


@pytest.mark.parametrize("role", ["roles/nonsense", "roles/bigquery.jobuser", "projects/x/roles/custom"])
def test_a_role_that_does_not_fit_is_refused(operator, role):
    error = write(operator, with_binding(read(operator), role=role)).json()["error"]
    assert error["message"] == f"Role {role} is not supported for this resource."


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("someone@acme.example", "The member someone@acme.example is of an unknown type."),
        ("robot:x@acme.example", "is of an unknown type. Please set a valid type prefix for the member."),
        (
            f"serviceAccount:ghost@{P}.iam.gserviceaccount.com",
            f"Service account ghost@{P}.iam.gserviceaccount.com does not exist.",
        ),
    ],
)
def test_a_member_that_does_not_exist_is_refused(operator, member, text):
    error = write(operator, with_binding(read(operator), member=member)).json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert text in error["message"]


def test_permissions_are_tested_against_roles(operator, start, connect):
    asked = {"permissions": ["bigquery.jobs.create", "resourcemanager.projects.setIamPolicy", "orgpolicy.policy.set"]}
    held = ["bigquery.jobs.create", "resourcemanager.projects.setIamPolicy"]
    assert operator.post(V1 + ":testIamPermissions", asked).json() == {"permissions": held}
    viewer = connect(start("no-permission"))
    assert viewer.post(V3 + ":testIamPermissions", asked).json() == {"permissions": ["bigquery.jobs.create"]}
    assert viewer.post(V3 + ":setIamPolicy", {"policy": {}}).status_code == 403


@pytest.mark.parametrize("permissions", [["bigquery.jobs.create"] * 101, ["bigquery.*"], ["nonsense"]])
def test_what_cannot_be_tested_is_refused(operator, permissions):
    assert operator.post(V3 + ":testIamPermissions", {"permissions": permissions}).status_code == 400


def test_a_condition_decides_who_may(operator, sandbox, connect, new_key):
    key = new_key(operator)
    member = f"serviceAccount:{key['client_email']}"

    def grant(expression):
        policy = read(operator)
        policy["bindings"] = [b for b in policy["bindings"] if member not in b["members"]]
        condition = {"title": "t", "expression": expression}
        answer = write(operator, {**with_binding(policy, "roles/browser", member, condition=condition), "version": 3})
        assert answer.status_code == 200, answer.text

    reader = connect(sandbox, key)
    for expression, status in [
        ("true", 200),
        ('request.time < timestamp("2099-01-01T00:00:00Z")', 200),
        ('request.time < timestamp("2001-01-01T00:00:00Z")', 403),
        ('resource.name.startsWith("x")', 403),
    ]:
        grant(expression)
        assert reader.get(V1).status_code == status, expression


def test_another_editor_between_read_and_write(operator, sandbox):
    from kbq_tui.sandbox.faults import Edit

    foreign = {"role": "roles/viewer", "member": "user:colleague@acme.example"}
    sandbox.context.faults.edits = [Edit("cloudresourcemanager.projects.getIamPolicy", P, add=foreign)]
    assert write(operator, with_binding(read(operator))).json()["error"]["status"] == "ABORTED"
    assert write(operator, with_binding(read(operator))).status_code == 200
    assert {"role": "roles/viewer", "members": ["user:colleague@acme.example"]} in read(operator)["bindings"]


def test_domain_restricted_sharing_keeps_strangers_out(operator, sandbox, new_key):
    email = new_key(operator)["client_email"]
    sandbox.world.projects[P].org_policies = {
        "iam.allowedPolicyMemberDomains": [{"values": {"allowedValues": ["C01"]}}]
    }
    error = write(operator, with_binding(read(operator), member="user:stranger@elsewhere.example")).json()["error"]
    assert error["status"] == "FAILED_PRECONDITION"
    assert error["message"] == "One or more users named in the policy do not belong to a permitted customer."
    assert write(operator, with_binding(read(operator), member=f"serviceAccount:{email}")).status_code == 200
