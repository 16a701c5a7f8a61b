import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.errors import FixInput
from story_engine.store.layout import Layout
from story_engine.store.members import MemberLayout, enrol, layout_at, member_of, members


@pytest.fixture
def config(tmp_path):
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "cat.yaml").write_text("title: cat\nscenes: []\n")
    return Config(workspace=tmp_path / "class", stories=shipped, user_header="x-user", proxy_secret="s" * 16)


def test_everybody_has_a_workspace_and_stories_of_their_own_and_the_models_of_the_class(config):
    alice, bob = enrol(config, "alice"), enrol(config, "小明")

    assert alice.user == "alice" and bob.user == "小明"
    for one, other in ((alice, bob), (bob, alice)):
        assert config.workspace / "users" in one.workspace.parents
        assert not one.workspace.is_relative_to(other.workspace.parent)
        assert (one.stories / "cat.yaml").read_text() == (config.stories / "cat.yaml").read_text()
        layout = layout_at(one.workspace, one.stories)
        assert isinstance(layout, MemberLayout)
        assert layout.models == config.workspace / "models"
        assert layout.weight_hashes == Layout.of(config).weight_hashes
        assert layout.ledger.is_relative_to(one.workspace)
        assert layout.loras.is_relative_to(one.workspace)
        assert one.workspace.stat().st_mode & 0o077 == 0
    assert members(config.workspace) == sorted([alice.workspace, bob.workspace])


def test_whoever_comes_back_finds_what_they_wrote_and_what_they_deleted_stays_away(config):
    first = enrol(config, "alice")
    (first.stories / "cat.yaml").unlink()
    (first.stories / "mine.yaml").write_text("title: mine\nscenes: []\n")

    again = enrol(config, "alice")

    assert again == first
    assert sorted(each.name for each in again.stories.glob("*.yaml")) == ["mine.yaml"]


def test_a_workspace_that_says_another_name_is_not_opened(config):
    alice = enrol(config, "alice")
    path = alice.workspace / "member.json"
    path.write_text(path.read_text().replace("alice", "mallory"))

    with pytest.raises(FixInput) as refused:
        enrol(config, "alice")

    assert refused.value.code == "members.folder_taken"


@pytest.mark.parametrize("content", ["", "{}", "[1", '{"name": 3, "class_folder": "x"}'])
def test_a_workspace_that_does_not_say_whose_it_is_any_more_is_not_opened(config, content):
    alice = enrol(config, "alice")
    (alice.workspace / "member.json").write_text(content)

    with pytest.raises(FixInput) as refused:
        layout_at(alice.workspace, alice.stories)

    assert refused.value.code == "members.unreadable"


def test_who_someone_is_is_not_read_through_a_link(config):
    alice, bob = enrol(config, "alice"), enrol(config, "bob")
    (bob.workspace / "member.json").unlink()
    (bob.workspace / "member.json").symlink_to(alice.workspace / "member.json")

    with pytest.raises(FixInput):
        member_of(bob.workspace)


def test_a_class_can_be_moved(config, tmp_path):
    enrol(config, "alice")
    moved = config.workspace.rename(tmp_path / "elsewhere")

    (workspace,) = members(moved)

    assert layout_at(workspace, workspace.parent / "stories").models == moved / "models"


def test_what_is_everybody_s_is_not_changed_by_one_person(config, tmp_path):
    services = open_services(enrol(config, "alice"))
    asked = [
        lambda: flows.models.use_folder(services, tmp_path),
        lambda: flows.models.set_mirror(services, "https://example.cn"),
        lambda: flows.models.accept_licence(services, "kolors"),
        lambda: flows.models.download(services, "kolors"),
        lambda: flows.models.start_verifying(services, "preview"),
        lambda: flows.models.choose(services, "kolors", tmp_path),
        lambda: flows.models.forget_folder(services, str(tmp_path)),
        lambda: flows.dataset_import.bring_folder(services, "mine", str(config.workspace)),
        lambda: flows.dataset_import.bring_modelscope(services, "mine", str(config.workspace)),
        lambda: flows.loras.add_file(services, "x.safetensors", tmp_path / "x.safetensors"),
    ]

    codes = []
    for ask in asked:
        with pytest.raises(FixInput) as refused:
            ask()
        codes.append(refused.value.code)

    assert set(codes) == {"members.operator_only"}


def test_the_token_of_whoever_runs_the_class_is_nobody_s_to_upload_with(config, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "the-operator-s-token")

    assert flows.upload.known_token(open_services(enrol(config, "alice"))) == ""
    assert flows.upload.known_token(open_services(config)) == "the-operator-s-token"
